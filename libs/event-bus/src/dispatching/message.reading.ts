import type { EventDecoder } from '../message/event.codec.js';

/** How a message is read. */
export interface MessageReading {
  readonly decoder: EventDecoder;
  /** The broker itself publishes it: such events have no sequence number, and handlers are asked whether they accept one. */
  readonly isOfBroker: boolean;
}

/** Reads what the broker publishes on its own channels (`__…`), without the application's codec. */
export interface BrokerChannels {
  /** @param node the broker that sent it, where each one sends only its own events. Undefined for an ordinary channel. */
  readingOf(channel: string, node: string | undefined): MessageReading | undefined;
}
