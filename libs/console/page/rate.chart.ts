import uPlot from 'uplot';
import type { AlignedData, Series } from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { RateHistory } from '../src/frame.js';

const HEIGHT = 180;

/** A line for each series, in the colours of the style sheet, as wide as its place. */
export class RateChart {
  private plot: uPlot | undefined;
  private shape = '';
  private readonly resized: ResizeObserver;
  private latest: RateHistory | undefined;

  constructor(private readonly place: HTMLElement) {
    this.resized = new ResizeObserver(() => this.plot?.setSize({ width: place.clientWidth, height: HEIGHT }));
    this.resized.observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.redraw);
    new MutationObserver(this.redraw).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  }

  draw(rates: RateHistory): void {
    this.latest = rates;
    const shape = rates.series.map(({ label, isPublished }) => `${label} ${isPublished}`).join('\n');
    const data = [
      rates.atMs.map((ms) => ms / 1_000),
      ...rates.series.map(({ perSecond }) => [...perSecond]),
    ] as AlignedData;
    if (this.plot === undefined || shape !== this.shape) {
      this.plot?.destroy();
      this.plot = this.make(rates, data);
      this.shape = shape;
    } else this.plot.setData(data);
  }

  destroy(): void {
    this.resized.disconnect();
    this.plot?.destroy();
    this.plot = undefined;
  }

  /** Colours belong to the plot: it is made anew. */
  private readonly redraw = (): void => {
    this.shape = '\0';
    if (this.plot !== undefined && this.latest !== undefined) this.draw(this.latest);
  };

  private make(rates: RateHistory, data: AlignedData): uPlot {
    const style = getComputedStyle(this.place);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--faint'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: '11px system-ui, sans-serif',
    };
    const series: Series[] = rates.series.map(({ label, isPublished }, index) => ({
      label,
      stroke: colour(`--series-${index % 8}`),
      width: 2,
      // Published is dashed: the two lines of a target often cover each other.
      ...(isPublished ? { dash: [5, 4] } : {}),
      points: { show: false },
    }));
    return new uPlot(
      {
        width: this.place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 8, 0, 0],
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
        axes: [
          { ...axis, values: '{HH}:{mm}:{ss}', space: 70 },
          { ...axis, size: 44 },
        ],
        series: [{}, ...series],
      },
      data,
      this.place,
    );
  }
}
