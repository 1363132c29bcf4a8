import { isObject } from '../option.checks.js';
import type { ReportMessage } from './report.js';
import { MAX_REPORT_BYTES, REPORT_VERSION } from './report.js';
import { REPORT_SHAPES } from './report.shapes.js';

/** Why a message is ignored. */
export type ReportProblem = 'too-large' | 'not-json' | 'other-version' | 'wrong-shape';

/** The message, or why it is to be ignored. */
export type ReadReport = { readonly message: ReportMessage } | { readonly problem: ReportProblem };

/**
 * Reads what was received on the channel of {@link reportTarget}. Any client that may publish there can send anything: the message is a
 * copy of the known fields, each of its type. Texts may contain markup and control characters. Never throws.
 */
export function readReport(body: string | Buffer): ReadReport {
  if (isTooLarge(body)) return { problem: 'too-large' };
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return { problem: 'not-json' };
  }
  if (!isObject(value)) return { problem: 'wrong-shape' };
  if (value['v'] !== REPORT_VERSION) return { problem: 'other-version' };
  try {
    const { hello, report, bye } = REPORT_SHAPES;
    if (value['type'] === 'hello') return { message: hello(value) };
    if (value['type'] === 'report') return { message: report(value) };
    return { message: bye(value) };
  } catch {
    return { problem: 'wrong-shape' };
  }
}

/** Counts the bytes of a text only where its length does not decide. */
function isTooLarge(body: string | Buffer): boolean {
  if (body.length > MAX_REPORT_BYTES) return true;
  return typeof body === 'string' && Buffer.byteLength(body) > MAX_REPORT_BYTES;
}
