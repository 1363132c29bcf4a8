import type { RateHistory } from '../frame.js';

const POINTS = 60;
/** More lines cannot be told apart. */
const MAX_SERIES = 8;

/** What is drawn: one number for each label. */
export interface RatePoint {
  readonly label: string;
  readonly isPublished: boolean;
  readonly perSecond: number;
}

/** The rates of the last minute: one point for each frame. */
export class RateHistoryRecord {
  private readonly atMs: number[] = [];
  private readonly series = new Map<
    string,
    { label: string; isPublished: boolean; perSecond: (number | null)[] }
  >();

  /** @param points those that are not among them are 0 */
  add(atMs: number, points: readonly RatePoint[]): void {
    this.atMs.push(atMs);
    const now = new Map(points.map((point) => [keyOf(point), point]));
    for (const [key, { perSecond }] of this.series) perSecond.push(now.get(key)?.perSecond ?? 0);
    for (const [key, { label, isPublished, perSecond }] of now) {
      if (this.series.has(key)) continue;
      const unknown = Array.from({ length: this.atMs.length - 1 }, () => null);
      this.series.set(key, { label, isPublished, perSecond: [...unknown, perSecond] });
    }
    if (this.atMs.length > POINTS) this.atMs.shift();
    for (const [key, { perSecond }] of this.series) {
      if (perSecond.length > POINTS) perSecond.shift();
      if (perSecond.every((value) => value === null || value === 0)) this.series.delete(key);
    }
  }

  /** The console was deaf: what lies before has no connection with what comes. */
  clear(): void {
    this.atMs.length = 0;
    this.series.clear();
  }

  /** The busiest ones, in an order that does not change from frame to frame. */
  read(): RateHistory {
    const total = (values: readonly (number | null)[]) =>
      values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    const busiest = new Set(
      [...this.series.values()]
        .toSorted((a, b) => total(b.perSecond) - total(a.perSecond))
        .slice(0, MAX_SERIES),
    );
    return {
      atMs: [...this.atMs],
      series: [...this.series.values()]
        .filter((each) => busiest.has(each))
        .map(({ label, isPublished, perSecond }) => ({
          label,
          isPublished,
          perSecond: perSecond.map(rounded),
        })),
    };
  }
}

function keyOf({ label, isPublished }: RatePoint): string {
  return `${isPublished ? 'p' : 'h'} ${label}`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
