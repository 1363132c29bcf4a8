import type { HandlerOptions } from '../dispatching/handler.options.js';
import type { EventCodec } from '../message/event.codec.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import type { EventTransport } from '../transports/event.transport.js';

/** The bus whose handlers are explored. */
export interface ExploredBus {
  readonly name: string;
  readonly prefix: ChannelPrefix;
  readonly handlerDefaults: HandlerOptions;
  readonly codec: EventCodec;
  /** The database whose key events a handler gets by default. */
  readonly database: number;
  readonly transport: Pick<EventTransport, 'name' | 'claim'>;
}
