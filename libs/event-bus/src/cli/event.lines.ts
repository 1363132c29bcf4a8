import type { IncomingMessage, Interruption } from '../transports/event.transport.js';

/** `2026-01-31T11:02:39.120Z orders:created {"id":"o-1"}` */
export function eventText(message: IncomingMessage, channel: string): string {
  const { body } = message;
  const text = textIn(body) ?? `base64:${Buffer.from(body).toString('base64')}`;
  return `${timeOf(message)} ${channel} ${text}`;
}

/** One object. The payload is `payload` if it is JSON, `text` if it is other text, and `base64` if it is none. */
export function eventJson(message: IncomingMessage, channel: string): string {
  const { body } = message;
  const text = textIn(body);
  const start = JSON.stringify({ type: 'event', receivedAt: timeOf(message), channel }).slice(0, -1);
  if (text === undefined) return `${start},"base64":${JSON.stringify(Buffer.from(body).toString('base64'))}}`;
  // As it was published: numbers that JavaScript would round stay what they are.
  return isJson(text)
    ? `${start},"payload":${text.replaceAll(/[\t\n\r]/g, ' ')}}`
    : `${start},"text":${JSON.stringify(text)}}`;
}

/** `2026-01-31T11:02:39.120Z gap connection-lost for 2100 ms, events may be missing: orders:*` */
export function gapText(interruption: Interruption, targets: readonly string[]): string {
  const { reason, fromMs, toMs, hint } = interruption;
  const what = `gap ${reason} for ${toMs - fromMs} ms, events may be missing: ${targets.join(', ')}`;
  return `${isoTime(toMs)} ${what}${hint === undefined ? '' : ` (${hint})`}`;
}

export function gapJson({ reason, fromMs, toMs, hint }: Interruption, targets: readonly string[]): string {
  return JSON.stringify({ type: 'gap', reason, from: isoTime(fromMs), to: isoTime(toMs), targets, hint });
}

function timeOf({ receivedAtMs = Date.now() }: IncomingMessage): string {
  return isoTime(receivedAtMs);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined if it is no UTF-8. */
function textIn(body: Buffer | string): string | undefined {
  if (typeof body === 'string') return body;
  try {
    return UTF8.decode(body);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
