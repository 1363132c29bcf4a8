import { isUtf8 } from 'node:buffer';

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
export function jsonSequenceIn(body: Buffer): readonly (string | Buffer)[] | undefined {
  if (body[0] !== SEPARATOR_BYTE) return undefined;
  const text = body.toString();
  // If some of it is not UTF-8, only the records with those bytes are invalid: it is split as bytes.
  const isBroken = text.includes('\uFFFD') && !isUtf8(body);
  const records = isBroken ? recordsOf(body) : text.slice(1).split(SEPARATOR);
  if (!records.some(isBlank)) return records;
  const texts = records.filter((record) => !isBlank(record));
  return texts.length === 0 ? [''] : texts;
}

/** Counts the records of a JSON text sequence, including empty ones; 0 if the message is none. */
export function countRecords(body: Buffer): number {
  if (body[0] !== SEPARATOR_BYTE) return 0;
  let count = 0;
  for (const byte of body) if (byte === SEPARATOR_BYTE) count += 1;
  return count;
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
