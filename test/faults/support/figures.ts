/** For a figure. */
export function inMs(ms: number): string {
  return `${Math.round(ms)} ms`;
}

/** `after 12 ms`, or `never`. */
export function after(ms: number | undefined): string {
  return ms === undefined ? 'never' : `after ${inMs(ms)}`;
}

/** `back 12 ms after the kill`, or `not back`. */
export function since(what: string, ms: number | undefined, event: string): string {
  return ms === undefined ? `not ${what}` : `${what} ${inMs(ms)} after ${event}`;
}

/** `1 time`, `2 times`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

export function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** `median (least–most)`. */
export function spread(numbers: readonly number[]): string {
  const rounded = numbers.map(Math.round);
  return `${median(rounded)} (${Math.min(...rounded)}–${Math.max(...rounded)})`;
}
