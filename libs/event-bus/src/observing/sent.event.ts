import type { EventContract } from '../contracts/event.contract.js';
import type { PreparedEvent } from '../publishing/event.preparer.js';
import { bytesOf } from '../publishing/event.size.js';
import type { MessageBody } from '../transports/event.transport.js';
import type { PublishedFact } from './observer.facts.js';

/**
 * What the codec made of the event, before its stamp. Undefined for a copy of the fact. Not part of the public API.
 */
export let encodedBodyOf: (fact: PublishedFact) => MessageBody | undefined;

/** The fact about one accepted event. Its bytes are counted when they are read: few observers do, and it costs more than the fact. */
export class SentEvent implements PublishedFact {
  readonly channel: string;
  declare readonly template?: string;
  readonly kind: 'channel' | 'shard';
  readonly #event: PreparedEvent;

  static {
    encodedBodyOf = (fact) => (#event in fact ? fact.#event.body : undefined);
  }

  constructor(
    readonly bus: string,
    event: PreparedEvent,
    to: string | EventContract,
    readonly payload: unknown,
    readonly subscriptions: number,
    readonly tookMs: number,
  ) {
    this.#event = event;
    this.channel = event.name;
    if (typeof to !== 'string') this.template = to.template;
    this.kind = event.message.kind;
  }

  get bytes(): number {
    return bytesOf(this.#event);
  }
}
