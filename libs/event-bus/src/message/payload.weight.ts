/** At most so many bytes of memory for one of JSON: `[[[[…]]]]`, and `[{},{},…]` nearly. */
export const WORST_WEIGHT = 32;

/** What a character of JSON stands for in memory, about: an object, an array, a place in one, a key. */
const COSTS: Readonly<Record<string, number>> = { '{': 64, '[': 64, ',': 9, ':': 9, '"': 5 };
const COST_OF = Uint8Array.from({ length: 256 }, (_, code) => COSTS[String.fromCharCode(code)] ?? 1);
/** Of what is long, so many pieces of this length are looked at, at places that nobody can foresee. */
const PIECES = 32;
const PIECE_LENGTH = 32;

/** How many bytes of memory a payload may take once it is decoded, about: what it is made of, where it is JSON. Cheap. */
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
    // What is no ASCII takes two bytes in each character of its text.
    for (let at = from; at < to; at += 1) cost += COST_OF[body.charCodeAt(at)] ?? 2;
  } else {
    for (let at = from; at < to; at += 1) cost += COST_OF[body[at] as number] as number;
  }
  return cost;
}
