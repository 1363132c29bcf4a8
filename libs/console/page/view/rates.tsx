import { useEffect, useRef } from 'preact/hooks';
import { frame } from '../model.js';
import { numberText } from '../format.js';
import { RateChart } from '../rate.chart.js';
import { Panel } from './panel.js';

/** The rates of the last minute. The table has the same for those who do not see the picture. */
export function Rates() {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<RateChart>(undefined);
  const rates = frame.value?.rates;

  useEffect(() => {
    if (place.current === null) return undefined;
    const made = new RateChart(place.current);
    chart.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    if (rates !== undefined) chart.current?.draw(rates);
  }, [rates]);

  return (
    <Panel id="rates" title="Events per second" note="last 60 s">
      <div class="chart" ref={place} aria-hidden="true" />
      <table class="legend">
        <caption class="unseen">Events per second now</caption>
        <thead class="unseen">
          <tr>
            <th scope="col">What</th>
            <th scope="col">per second</th>
          </tr>
        </thead>
        <tbody>
          {rates?.series.map(({ label, isPublished, perSecond }, index) => (
            <tr key={`${label} ${isPublished}`}>
              <th scope="row">
                <span class={`swatch series-${index % 8}`} aria-hidden="true" />
                <code>{label}</code> <small>{isPublished ? 'published' : 'handled'}</small>
              </th>
              <td class="number">{numberText(perSecond.at(-1) ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
