import assert from 'node:assert/strict';
import type {
  EventTransport,
  IncomingMessage,
  InspectionQuery,
  InspectionResult,
  OutgoingMessage,
  PublishOutcome,
  SubscribeOutcome,
  SubscriptionTarget,
} from '../transports/event.transport.js';
import { quote } from '../errors.js';
import { within } from './deadline.js';
import type { ListenerRecord } from './listener.record.js';
import { publishOutcomes } from './publish.outcomes.js';

/** A transport of a conformance test, with a record of its listener. Every wait has a deadline. */
export class ConformancePeer {
  constructor(
    readonly transport: EventTransport,
    readonly record: ListenerRecord,
  ) {}

  async connect(): Promise<void> {
    await within('connect() to resolve', this.transport.connect());
  }

  async close(): Promise<void> {
    await within('close() to resolve', this.transport.close());
  }

  /** Subscribes and asserts that every target is confirmed. */
  async subscribe(...targets: readonly SubscriptionTarget[]): Promise<void> {
    const outcomes = await this.subscribeOutcomes(targets);
    for (const { error } of outcomes) assert.ifError(error);
    assert.deepEqual(
      outcomes.map(({ target }) => target),
      targets,
    );
  }

  subscribeOutcomes(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    return within('subscribe() to resolve', this.transport.subscribe(targets));
  }

  async unsubscribe(...targets: readonly SubscriptionTarget[]): Promise<void> {
    await within('unsubscribe() to resolve', this.transport.unsubscribe(targets));
  }

  /** Publishes one message and returns the number of subscriptions that was reported. */
  async send(channel: string, body: Buffer | string, kind: 'channel' | 'shard' = 'channel'): Promise<number> {
    const [count] = await this.sendAll([{ kind, channel, body }]);
    return count ?? assert.fail('publish() has no outcome for the message');
  }

  /** Publishes in one call, asserts that nothing fails, and returns the numbers of subscriptions that were reported. */
  async sendAll(messages: readonly OutgoingMessage[]): Promise<number[]> {
    const outcomes = await this.publishOutcomes(messages);
    return outcomes.map((outcome) =>
      'error' in outcome ? assert.fail(outcome.error) : outcome.subscriptions,
    );
  }

  publishOutcomes(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]> {
    return within('every message to be settled', publishOutcomes(this.transport, messages));
  }

  inspect(query: InspectionQuery): Promise<InspectionResult> {
    const answer = this.transport.inspect?.(query);
    assert.ok(answer, 'the transport has no inspect(): set capabilities: { inspection: false }');
    return within(`inspect(${query.query}) to resolve`, answer);
  }

  /** The messages that have arrived on this channel so far. */
  messagesOn(channel: string): readonly IncomingMessage[] {
    return this.record.messages.filter((message) => message.channel === channel);
  }

  /** The bodies that have arrived on this channel so far, as text. */
  textsOn(channel: string): string[] {
    return this.messagesOn(channel).map(({ body }) => body.toString());
  }

  /** `kind target: body` of what has arrived on this channel, sorted: the order between subscriptions is undefined. */
  deliveriesOn(channel: string): string[] {
    return this.messagesOn(channel)
      .map(({ through, body }) => `${through.kind} ${through.name}: ${body.toString()}`)
      .toSorted();
  }

  /** Resolves when this many messages have arrived on the channel. */
  async receive(channel: string, count = 1): Promise<readonly IncomingMessage[]> {
    await this.record.until(
      `${count} messages on ${quote(channel)}`,
      () => this.messagesOn(channel).length >= count,
    );
    return this.messagesOn(channel);
  }
}
