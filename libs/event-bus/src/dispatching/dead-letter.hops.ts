/**
 * So many dead letters may follow from one event, each about the one before. Handlers that dead-letter into each other's targets
 * would go on for ever otherwise; a handler of dead letters that has dead letters itself needs two.
 */
export const MAX_HOPS = 5;

/** Each letter and each envelope is one level more. */
const MAX_DEPTH = 20;
/** A letter stands at the beginning of a message, behind the attributes of an envelope at most. */
const TEXT_LENGTH = 8 * 1024;
/** How our letters begin: as a whole message, as a record, in the envelope of another codec, or within another letter. */
const BEGINNING = /(?:^[^[{]?|"data":|"payload":)\{(?:"hops":(\d{1,6}),)?"event":\{"channel":"/;
/** What follows where the letter holds bytes: the rest of the channel's name, and the bytes. */
const BYTES = /^(?:[^"\\]|\\.)*","base64":"([A-Za-z0-9+/]*)/;

/**
 * How many dead letters have led to what was received: its payload, or its bytes where they could not be read. 0 for what is no
 * dead letter. Finds one as an object, as JSON text and as the base64 of that, in the envelopes of `cloudEvents()` and
 * `nestPacket()` too. Those of version 0.1 have no `hops` and are counted by what they hold. Never throws.
 */
export function hopsIn(content: unknown): number {
  try {
    return hopsOf(content, 0);
  } catch {
    // A codec of the application's own may make objects whose getters throw.
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
