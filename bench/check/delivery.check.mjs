import { orderOf } from '../payload/orders.mjs';

/**
 * What one handler has to have seen when the events 0 to `events - 1` were published to so many channels in turn.
 *
 * @param {{ events: number, channels: number, channel?: number }} published `channel`: the handler is of this one alone
 * @returns {{ count: number, sum: number }}
 */
export function expectedTally({ events, channels, channel }) {
  let count = 0;
  let sum = 0;
  for (let number = channel ?? 0; number < events; number += channel === undefined ? 1 : channels) {
    count += 1;
    sum += orderOf(number).totalCents;
  }
  return { count, sum };
}

/**
 * Everything that was not delivered exactly once to each handler, in words; empty when all was.
 *
 * @param {string} contender for the message
 * @param {readonly { count: number, sum: number }[]} expected one per handler
 * @param {readonly { count: number, sum: number }[]} seen one per handler
 * @returns {string[]}
 */
export function deliveryProblems(contender, expected, seen) {
  if (expected.length !== seen.length) {
    return [`${contender}: ${expected.length} handlers were asked for, ${seen.length} have answered.`];
  }
  return expected.flatMap(({ count, sum }, index) => {
    const of = `${contender}, handler ${index + 1} of ${expected.length}`;
    const tally = seen[index];
    if (tally.count !== count) return [`${of}: saw ${tally.count} events of ${count}.`];
    if (tally.sum !== sum) return [`${of}: the sum over its events is ${tally.sum}, not ${sum}.`];
    return [];
  });
}
