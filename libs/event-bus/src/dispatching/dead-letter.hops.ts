/**
 * The most dead letters that may follow from one event, each about the one before. Without a limit, handlers that send dead
 * letters to each other's targets would do so forever. A handler of dead letters that has a `deadLetter` itself needs two.
 */
export const MAX_HOPS = 5;

/** Each dead letter and each envelope adds one level. */
const MAX_DEPTH = 20;
/** A dead letter begins near the start of a message, after the attributes of an envelope at most. */
const TEXT_LENGTH = 8 * 1024;
/**
 * How a dead letter begins: as a whole message, as a record, in the envelope of another codec, or within another dead letter.
 */
const BEGINNING = /(?:^[^[{]?|"data":|"payload":)\{(?:"hops":(\d{1,6}),)?"event":\{"channel":"/;
/** The text after BEGINNING where the dead letter has bytes: the rest of the channel's name, and the bytes. */
const BYTES = /^(?:[^"\\]|\\.)*","base64":"([A-Za-z0-9+/]*)/;

/**
 * Counts the dead letters that led to a received message, from its payload, or from its bytes where they could not be decoded.
 * 0 if it is no dead letter. Finds a dead letter as an object, as JSON text and as the base64 of that text, also in the
 * envelopes of `cloudEvents()` and `nestPacket()`. Dead letters of version 0.1 have no `hops`: they are counted by their
 * nesting. Never throws.
 */
export function hopsIn(content: unknown): number {
  try {
    return hopsOf(content, 0);
  } catch {
    // An application's codec may create objects whose getters throw.
    return 0;
  }
}

function hopsOf(content: unknown, depth: number): number {
  if (typeof content === 'string') return hopsInText(content.slice(0, TEXT_LENGTH));
  if (content instanceof Uint8Array) return hopsInText(beginningOf(content));
  if (typeof content !== 'object' || content === null || depth > MAX_DEPTH) return 0;
  const { hops, event, handler, data } = content as Readonly<Record<string, unknown>>;
  if (typeof event !== 'object' || event === null || typeof handler !== 'string')
    return hopsOf(data, depth + 1);
  if (Number.isSafeInteger(hops) && (hops as number) > 0) return hops as number;
  const { payload, base64 } = event as Readonly<Record<string, unknown>>;
  return 1 + (typeof base64 === 'string' ? hopsInText(decode(base64)) : hopsOf(payload, depth + 1));
}

function hopsInText(text: string): number {
  const [beginning, hops] = BEGINNING.exec(text) ?? [];
  if (beginning === undefined) return 0;
  if (hops !== undefined) return Number(hops);
  const rest = text.slice(text.indexOf(beginning) + beginning.length);
  const [, base64] = BYTES.exec(rest) ?? [];
  return 1 + hopsInText(base64 === undefined ? rest : decode(base64));
}

function decode(base64: string): string {
  return beginningOf(Buffer.from(base64.slice(0, 2 * TEXT_LENGTH), 'base64'));
}

function beginningOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, Math.min(byteLength, TEXT_LENGTH)).toString('latin1');
}
