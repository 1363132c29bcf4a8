import type { TransportWarning } from '../event.transport.js';

/** For an interruption after a block: Redis tells no client why it closes it. */
export const OUTPUT_BUFFER_HINT =
  'The event loop had been blocked. Redis closes a subscriber that reads too slowly: see client-output-buffer-limit pubsub.';

/** For people, when the event loop has stood still for at least so long. */
export function blockedWarning(blockedMs: number): TransportWarning {
  return {
    sentence: 'The event loop was blocked, handlers held up everything else',
    fields: { blockedMs },
    advice: 'Move long computations to a worker thread, or await between their steps.',
  };
}
