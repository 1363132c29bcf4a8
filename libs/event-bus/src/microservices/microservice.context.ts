import type { EventParamValues } from '../message/event-context.js';
import { EventContext, originalOf } from '../message/event-context.js';
import type { PacketHeaders } from './packet.js';

/**
 * What handlers of {@link EventBusServer} get besides the payload: an {@link EventContext}, so that `isEventContext(host)` is
 * true, with the methods of Nest's `RedisContext`.
 */
export class MicroserviceContext<T = unknown> extends EventContext<T> {
  readonly #event: EventContext;

  /** @internal */
  constructor(event: EventContext, pattern: string | undefined, params: EventParamValues | undefined) {
    super(originalOf(event), pattern, event.bus, params);
    this.#event = event;
  }

  /** Aborted when the handler's time is up: at the end of the shutdown drain. Created on first use. */
  override get signal(): AbortSignal {
    return this.#event.signal;
  }

  /** The metadata that the client attached to the packet (`setOnDispatchHook`). Undefined if there is none. */
  getMetadata(): PacketHeaders | undefined {
    return Object.keys(this.metadata).length === 0 ? undefined : (this.metadata as PacketHeaders);
  }

  /** The channel and the metadata, as in `RedisContext`. */
  getArgs(): [channel: string, metadata?: PacketHeaders] {
    return [this.channel, this.getMetadata()];
  }

  /** `0` is the channel, `1` the metadata. */
  getArgByIndex(index: number): unknown {
    return this.getArgs()[index];
  }
}
