import type { Attributes } from '@opentelemetry/api';
import type { ObservedTransport } from '../observing/event-bus.observer.js';
import { OPERATIONS, SERVER_ADDRESS, SERVER_PORT, SYSTEM } from './messaging.attributes.js';

/** The attributes of each operation of one bus. */
type Place = Readonly<Record<keyof typeof OPERATIONS, Attributes>>;

const HOST_AND_PORT = /^\[?([^,\s]+?)\]?:(\d+)$/;

/** Which system each bus sends its events with, and where it is. */
export class BusPlaces {
  private readonly places = new Map<string, Place>();
  private readonly unknown = placeOf({ [SYSTEM]: 'redis' });

  add({ bus, transport, address }: ObservedTransport): void {
    const system = isRedis(transport) ? 'redis' : transport;
    const [, host, port] = HOST_AND_PORT.exec(address) ?? [];
    const server = host === undefined ? {} : { [SERVER_ADDRESS]: host, [SERVER_PORT]: Number(port) };
    this.places.set(bus, placeOf({ [SYSTEM]: system, ...server }));
  }

  /** The attributes of everything that the bus does with this operation, for the caller to add to. */
  attributesOf(bus: string, operation: keyof Place): Attributes {
    // Assigned: what is added to a spread costs a microsecond.
    return Object.assign({}, (this.places.get(bus) ?? this.unknown)[operation]);
  }
}

function placeOf(attributes: Attributes): Place {
  const { publish, create, process } = OPERATIONS;
  return {
    publish: { ...attributes, ...publish },
    create: { ...attributes, ...create },
    process: { ...attributes, ...process },
  };
}

export function isRedis(transport: string): boolean {
  return transport === 'redis' || transport === 'redis-cluster';
}
