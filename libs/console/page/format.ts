const DECIMALS = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** `0`, `0.4`, `12.5`, `1,234`. */
export function numberText(value: number): string {
  return Math.abs(value) < 100 ? DECIMALS.format(value) : WHOLE.format(value);
}

/** `120/s`, or a dash where nothing happens. */
export function rateText(perSecond: number): string {
  return perSecond === 0 ? '–' : `${numberText(perSecond)}/s`;
}

/** `0.4 ms`, `12 ms`, `1.2 s`, `3 min`, `2 h`. */
export function durationText(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 10) return `${DECIMALS.format(ms)} ms`;
  if (ms < 1_000) return `${WHOLE.format(ms)} ms`;
  if (ms < 60_000) return `${DECIMALS.format(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${WHOLE.format(ms / 60_000)} min`;
  return `${DECIMALS.format(ms / 3_600_000)} h`;
}

/** `11:02:38`. */
export function clockText(atMs: number): string {
  return CLOCK.format(atMs);
}

/** `11:02:38.120`. */
export function exactClockText(atMs: number): string {
  return `${CLOCK.format(atMs)}.${String(Math.floor(atMs) % 1_000).padStart(3, '0')}`;
}

/** `120 B`, `1.5 kB`. */
export function bytesText(bytes: number): string {
  return bytes < 1_000 ? `${bytes} B` : `${DECIMALS.format(bytes / 1_000)} kB`;
}

/** `1 event`, `2 events`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${WHOLE.format(count)} ${count === 1 ? one : many}`;
}
