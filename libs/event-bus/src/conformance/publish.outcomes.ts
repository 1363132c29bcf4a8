import type { EventTransport, OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';

/**
 * Publishes, and resolves with one outcome per message, in their order, when all are settled. Rejects if the transport breaks
 * the contract of `publish`.
 */
export function publishOutcomes(
  transport: Pick<EventTransport, 'publish'>,
  messages: readonly OutgoingMessage[],
): Promise<PublishOutcome[]> {
  return new Promise((resolve, reject) => {
    const outcomes = new Map<number, PublishOutcome>();
    const isComplete = () => outcomes.size === messages.length;
    const ended = transport.publish(messages, (index, outcome) => {
      if (outcomes.has(index)) reject(new Error(`publish() settled the message at ${index} twice`));
      else if (messages[index] === undefined) reject(new Error(`publish() settled a message at ${index}`));
      outcomes.set(index, outcome);
      if (isComplete())
        resolve(messages.map((_message, position) => outcomes.get(position) as PublishOutcome));
    });
    if (messages.length === 0) resolve([]);
    Promise.resolve(ended).then(() => {
      if (ended !== undefined && !isComplete()) reject(new Error('publish() ended before all were settled'));
    }, reject);
  });
}
