import type { EventContract } from '../contracts/event.contract.js';
import type { PreparedEvent } from '../publishing/event.preparer.js';
import { bytesOf } from '../publishing/event.size.js';
import type { PublishedFact } from './observer.facts.js';

/** The fact about one accepted event. Its bytes are counted when they are read: few observers do, and it costs more than the fact. */
export class SentEvent implements PublishedFact {
  readonly channel: string;
  declare readonly template?: string;
  readonly kind: 'channel' | 'shard';
  readonly #event: PreparedEvent;

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
