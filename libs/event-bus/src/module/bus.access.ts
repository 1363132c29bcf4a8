import type { EventCodec } from '../message/event.codec.js';
import type { NoticedFact } from '../observing/bus.facts.js';
import type { EventTransport, TransportFactory } from '../transports/event.transport.js';
import { COPY_VERSION, DEFAULT_BUS } from './event-bus.constants.js';

/**
 * What modules and observers beside a bus need of it that is not for applications: they send and subscribe around the bus, so
 * that nothing of it is counted, decoded or numbered. Not part of the public API.
 */
export interface BusAccess {
  /** That of the bus: in use, and closed by the bus. */
  readonly transport: EventTransport;
  /** For connections of one's own to the same place. */
  readonly factory: TransportFactory;
  /** The application's prefix, `''` when it has none. */
  readonly prefix: string;
  /** Reads and writes the events of the bus. */
  readonly codec: EventCodec;
  /** Logs at `warn`, as the bus does. */
  warn(notice: Omit<NoticedFact, 'bus'>): void;
}

/** The injection token of the access to a bus. Available wherever the publisher of the bus is. */
export function busAccessToken(name: string = DEFAULT_BUS): symbol {
  return Symbol.for(`nestjs-redis-event-bus:access:${name}:${COPY_VERSION}`);
}
