import type { OutgoingMessage, SettledListener } from './event.transport.js';

/** None of these is sent. Each gets its own error. */
export function settleAll(
  messages: readonly OutgoingMessage[],
  settled: SettledListener,
  failure: () => Error,
): void {
  for (let index = 0; index < messages.length; index += 1) settled(index, { error: failure() });
}
