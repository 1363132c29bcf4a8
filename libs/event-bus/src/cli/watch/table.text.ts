import { cut, printable } from '../../printable.js';
import type { WatchedGap, WatchedInstance } from './instance.list.js';

const HEADINGS = [
  'service',
  'host',
  'pid',
  'bus',
  'state',
  'published/s',
  'handled/s',
  'failed',
  'waiting',
  'gaps',
  'missed',
];
const FIRST_NUMBER = HEADINGS.indexOf('published/s');
const MAX_CELL_LENGTH = 32;

/** The table, line by line, with its headings. No text of it acts on a terminal. */
export function tableOf(instances: readonly WatchedInstance[]): readonly string[] {
  const rows = [HEADINGS, ...instances.map(cellsOf)].map((cells) =>
    cells.map((cell) => cut(printable(cell), MAX_CELL_LENGTH)),
  );
  const widths = HEADINGS.map((_heading, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < FIRST_NUMBER ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** `orders web-1 7 connection-lost for 2100 ms: orders:*, 14 missed` */
export function gapLine({ service, host, pid, reason, fromMs, toMs, targets, missed }: WatchedGap): string {
  const number = missed === undefined ? '' : `, ${missed} missed`;
  return printable(
    `gap ${service} ${host} ${pid} ${reason} for ${toMs - fromMs} ms: ${targets.join(', ')}${number}`,
  );
}

function cellsOf(instance: WatchedInstance): string[] {
  const { service, host, pid, bus, publishedPerSecond, handledPerSecond, failed, waiting, gaps, missed } =
    instance;
  return [
    service,
    host,
    String(pid),
    bus,
    stateOf(instance),
    ...[publishedPerSecond, handledPerSecond].map(rateText),
    ...[failed, waiting, gaps, missed].map((count) => (count === undefined ? '-' : String(count))),
  ];
}

function stateOf({ state, heardAgoMs, saidBye, sharesId }: WatchedInstance): string {
  const seconds = Math.floor(heardAgoMs / 1_000);
  const text =
    state === 'silent' ? `silent for ${seconds} s` : state === 'gone' && saidBye ? 'shut down' : state;
  return sharesId ? `${text}, id used twice` : text;
}

function rateText(rate: number | undefined): string {
  if (rate === undefined) return '-';
  return rate > 0 && rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
}
