import type { PublishOutcome, SettledListener } from './event.transport.js';

/**
 * Resolves with one outcome per message, when `send` has told all of them; `settled` hears of each at once.
 *
 * @param send is given what is to be called once for each message
 */
export function gatherOutcomes(
  count: number,
  settled: SettledListener | undefined,
  send: (settle: SettledListener) => void,
): Promise<readonly PublishOutcome[]> {
  return new Promise((resolve) => {
    const outcomes = Array<PublishOutcome>(count);
    let open = count;
    if (open === 0) resolve([]);
    send((index, outcome) => {
      outcomes[index] = outcome;
      open -= 1;
      settled?.(index, outcome);
      if (open === 0) resolve(outcomes);
    });
  });
}
