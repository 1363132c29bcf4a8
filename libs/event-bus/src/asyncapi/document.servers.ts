import type { EventBusDescription } from '../introspection/bus.description.js';
import type { AsyncApiReference, AsyncApiServer } from './asyncapi.document.js';
import type { AsyncApiDocumentOptions } from './asyncapi.options.js';

const HOST_AND_PORT = /^(?:\[[\da-fA-F:.]+\]|[\w.-]+):\d+$/;

/** The servers of a document, and which of them each bus is on. */
export class DocumentServers {
  /** By name. Undefined if there are none to show. */
  readonly servers: Readonly<Record<string, AsyncApiServer>> | undefined;
  private readonly urlsByBus: ReadonlyMap<EventBusDescription, readonly string[]>;
  private readonly names: ReadonlyMap<string, string>;

  /** Those of the options, or those that the transports connect to. A socket or a Sentinel's name is no server. */
  constructor(
    buses: readonly EventBusDescription[],
    { servers, redactAddress = false }: AsyncApiDocumentOptions,
  ) {
    const isShown = servers === undefined && !redactAddress;
    this.urlsByBus = new Map(buses.map((bus) => [bus, isShown ? urlsOf(bus) : []]));
    const urls = [...new Set([...this.urlsByBus.values()].flat())];
    const nameAt = (index: number) => (urls.length === 1 ? 'redis' : `redis-${index + 1}`);
    this.names = new Map(urls.map((url, index) => [url, nameAt(index)]));
    this.servers = servers ?? (urls.length === 0 ? undefined : this.byName());
  }

  /** References to the servers of a bus. Undefined if it is on all of them, or on none that is shown. */
  referencesOf(bus: EventBusDescription): readonly AsyncApiReference[] | undefined {
    const urls = this.urlsByBus.get(bus) ?? [];
    if (urls.length === 0 || urls.length === this.names.size) return undefined;
    return urls.map((url) => ({ $ref: `#/servers/${this.names.get(url)}` }));
  }

  private byName(): Readonly<Record<string, AsyncApiServer>> {
    return Object.fromEntries(
      [...this.names].map(([url, name]) => {
        const [protocol = '', host = ''] = url.split('://');
        return [name, { host, protocol }];
      }),
    );
  }
}

function urlsOf({ transport }: EventBusDescription): readonly string[] {
  const protocol = transport.usesTls === true ? 'rediss' : 'redis';
  const hosts = transport.address
    .split(', ')
    .map(bracketed)
    .filter((host) => HOST_AND_PORT.test(host));
  return [...new Set(hosts)].map((host) => `${protocol}://${host}`);
}

/** `::1:6379` as URLs write it. */
function bracketed(address: string): string {
  return address.replace(/^([\da-fA-F:]*:[\da-fA-F:]*):(\d+)$/, '[$1]:$2');
}
