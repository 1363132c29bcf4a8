import type { Attributes } from '@opentelemetry/api';
import type { ObservedTransport } from '../observing/event-bus.observer.js';
import { SERVER_ADDRESS, SERVER_PORT, SYSTEM } from './messaging.attributes.js';

const HOST_AND_PORT = /^\[?([^,\s]+?)\]?:(\d+)$/;

/** Which system each bus sends its events with, and where it is. */
export class BusPlaces {
  private readonly attributes = new Map<string, Attributes>();

  add({ bus, transport, address }: ObservedTransport): void {
    const system = isRedis(transport) ? 'redis' : transport;
    const [, host, port] = HOST_AND_PORT.exec(address) ?? [];
    const server = host === undefined ? {} : { [SERVER_ADDRESS]: host, [SERVER_PORT]: Number(port) };
    this.attributes.set(bus, { [SYSTEM]: system, ...server });
  }

  /** The attributes of everything that the bus does. */
  of(bus: string): Attributes {
    return this.attributes.get(bus) ?? { [SYSTEM]: 'redis' };
  }
}

export function isRedis(transport: string): boolean {
  return transport === 'redis' || transport === 'redis-cluster';
}
