import type { TransportWarning } from '../event.transport.js';

/** For an interruption after a block: Redis does not tell a client why it closes the connection. */
export const OUTPUT_BUFFER_HINT =
  'The event loop was blocked. Redis closes a subscriber that reads too slowly: see client-output-buffer-limit pubsub.';

/** The warning about an event loop that was blocked for at least this long. */
export function blockedWarning(blockedMs: number): TransportWarning {
  return {
    sentence: 'The event loop was blocked',
    fields: { blockedMs },
    advice: 'Move long computations to a worker thread, or await between their steps.',
  };
}
