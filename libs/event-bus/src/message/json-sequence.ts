import { isUtf8 } from 'node:buffer';
import { readingText } from './text.decoders.js';

/** The first byte of each record of a JSON text sequence (RFC 7464). No JSON text contains it. */
const SEPARATOR = '\u001E';
export const SEPARATOR_BYTE = 0x1e;

/** Joins JSON texts to one JSON text sequence, in order (RFC 7464, `application/json-seq`). */
export function toJsonSequence(texts: readonly (string | Buffer)[]): string {
  return `${SEPARATOR}${texts.join(`\n${SEPARATOR}`)}\n`;
}

/**
 * The unparsed texts of a JSON text sequence; undefined if the message is none. Empty records are skipped, as RFC 7464 says; a
 * sequence of only empty records has one empty text.
 */
export const jsonSequenceIn = readingText(
  (body: Buffer | string): readonly (string | Buffer)[] | undefined => {
    if (!isSequence(body)) return undefined;
    const text = body.toString();
    // If some of it is not UTF-8, only the records with those bytes are invalid: it is split as bytes.
    const isBroken = typeof body !== 'string' && text.includes('\uFFFD') && !isUtf8(body);
    const records = isBroken ? recordsOf(body) : text.slice(1).split(SEPARATOR);
    if (!records.some(isBlank)) return records;
    const texts = records.filter((record) => !isBlank(record));
    return texts.length === 0 ? [''] : texts;
  },
);

/** Counts the records of a JSON text sequence, including empty ones; 0 if the message is none. */
export const countRecords = readingText((body: Buffer | string): number => {
  if (!isSequence(body)) return 0;
  let count = 0;
  if (typeof body === 'string') {
    for (let at = 0; at < body.length; at += 1) if (body.charCodeAt(at) === SEPARATOR_BYTE) count += 1;
  } else {
    for (const byte of body) if (byte === SEPARATOR_BYTE) count += 1;
  }
  return count;
});

function isSequence(body: Buffer | string): boolean {
  return (typeof body === 'string' ? body.charCodeAt(0) : body[0]) === SEPARATOR_BYTE;
}

function recordsOf(body: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let start = 1; start <= body.length;) {
    const next = body.indexOf(SEPARATOR_BYTE, start);
    const end = next === -1 ? body.length : next;
    records.push(body.subarray(start, end));
    start = end + 1;
  }
  return records;
}

function isBlank(record: string | Buffer): boolean {
  return record.length < 2 && record.toString().trim() === '';
}
