import type { EventBusDescription } from '../introspection/bus.description.js';
import type { AsyncApiServer } from './asyncapi.document.js';
import type { AsyncApiDocumentOptions } from './asyncapi.options.js';

const HOST_AND_PORT = /^(?:\[[\da-fA-F:.]+\]|[\w.-]+):\d+$/;

/** Those of the options, or those that the transport connects to. A socket or a Sentinel's name is no server. */
export function serversOf(
  { transport }: EventBusDescription,
  { servers, redactAddress = false }: AsyncApiDocumentOptions,
): Readonly<Record<string, AsyncApiServer>> | undefined {
  if (servers !== undefined) return servers;
  const hosts = redactAddress
    ? []
    : transport.address
        .split(', ')
        .map(bracketed)
        .filter((host) => HOST_AND_PORT.test(host));
  if (hosts.length === 0) return undefined;
  const protocol = transport.usesTls === true ? 'rediss' : 'redis';
  const name = (index: number) => (hosts.length === 1 ? 'redis' : `redis-${index + 1}`);
  return Object.fromEntries(hosts.map((host, index) => [name(index), { host, protocol }]));
}

/** `::1:6379` as URLs write it. */
function bracketed(address: string): string {
  return address.replace(/^([\da-fA-F:]*:[\da-fA-F:]*):(\d+)$/, '[$1]:$2');
}
