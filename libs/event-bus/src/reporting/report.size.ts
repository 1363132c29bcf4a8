import { add } from './publish.totals.js';
import type { LeftOut, Report } from './report.js';
import { MAX_REPORT_BYTES } from './report.js';

/** For the numbers of what is left out. */
const RESERVE_BYTES = 256;

/** The lists that may be cut, in this order. Of the tail the end is kept, of the others the beginning. */
const LISTS = ['tail', 'published', 'subscriptions', 'handlers', 'gaps', 'links'] as const;
type ListName = (typeof LISTS)[number];

/** The report as JSON, with as much of it as fits. Undefined if not even its other fields fit. */
export function fittedText(report: Report, maxBytes = MAX_REPORT_BYTES): string | undefined {
  const whole = JSON.stringify(report);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  let fitted = report;
  for (const list of LISTS) {
    const without = withFirst(fitted, list, 0);
    const room = maxBytes - RESERVE_BYTES - bytesOf(without);
    if (room > 0)
      return JSON.stringify(withFirst(fitted, list, countFitting(itemsOf(fitted, list), list, room)));
    fitted = without;
  }
  return undefined;
}

function itemsOf(report: Report, list: ListName): readonly unknown[] {
  return list === 'published' ? report.published.top : report[list];
}

/** How many items fit, from the side that is kept. */
function countFitting(items: readonly unknown[], list: ListName, room: number): number {
  let left = room;
  const inOrder = list === 'tail' ? items.toReversed() : items;
  const tooMany = inOrder.findIndex((item) => {
    left -= bytesOf(item) + 1;
    return left < 0;
  });
  return tooMany < 0 ? items.length : tooMany;
}

function withFirst(report: Report, list: ListName, count: number): Report {
  const items = itemsOf(report, list);
  const missing = items.length - count;
  const leftOut: LeftOut = { ...report.leftOut, [list]: (report.leftOut?.[list] ?? 0) + missing };
  if (list === 'published') {
    const { top, rest } = report.published;
    const others = { ...rest };
    for (const other of top.slice(count)) add(others, other);
    return { ...report, published: { top: top.slice(0, count), rest: others }, leftOut };
  }
  const kept = list === 'tail' ? items.slice(missing) : items.slice(0, count);
  return { ...report, [list]: kept, leftOut };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
