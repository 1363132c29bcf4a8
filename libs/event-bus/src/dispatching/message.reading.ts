import type { EventDecoder } from '../message/event.codec.js';

/** How a message is read. */
export interface MessageReading {
  readonly decoder: EventDecoder;
  /** The broker itself publishes it: nobody numbers such events, and handlers are asked whether they want one. */
  readonly isOfBroker: boolean;
}

/** Reads what the broker publishes on channels of its own (`__…`): no codec of the application has a say there. */
export interface BrokerChannels {
  /** @param node which of several brokers speaks for itself alone. Undefined for a channel like any other. */
  readingOf(channel: string, node: string | undefined): MessageReading | undefined;
}
