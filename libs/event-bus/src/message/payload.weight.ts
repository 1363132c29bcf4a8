/** The most bytes of memory per byte of JSON: `[[[[…]]]]`, and almost `[{},{},…]`. */
export const WORST_WEIGHT = 32;

/** The approximate memory for a character of JSON: an object, an array, an element, a key. */
const COSTS: Readonly<Record<string, number>> = { '{': 64, '[': 64, ',': 9, ':': 9, '"': 5 };
const COST_OF = Uint8Array.from({ length: 256 }, (_, code) => COSTS[String.fromCharCode(code)] ?? 1);
/** Long payloads are sampled: the number of samples and their length, at random positions. */
const PIECES = 32;
const PIECE_LENGTH = 32;

/** The approximate memory that a payload may use once it is decoded, estimated from its JSON. Cheap. */
export function weightOf(body: string | Buffer): number {
  const { length } = body;
  if (length <= PIECES * PIECE_LENGTH) return costOf(body, 0, length);
  const distance = (length - PIECE_LENGTH) / PIECES;
  let cost = 0;
  for (let piece = 0; piece < PIECES; piece += 1) {
    const from = Math.floor((piece + Math.random()) * distance);
    cost += costOf(body, from, from + PIECE_LENGTH);
  }
  return Math.ceil((cost * length) / (PIECES * PIECE_LENGTH));
}

function costOf(body: string | Buffer, from: number, to: number): number {
  let cost = 0;
  if (typeof body === 'string') {
    // A string with a non-ASCII character takes two bytes per character.
    for (let at = from; at < to; at += 1) cost += COST_OF[body.charCodeAt(at)] ?? 2;
  } else {
    for (let at = from; at < to; at += 1) cost += COST_OF[body[at] as number] as number;
  }
  return cost;
}
