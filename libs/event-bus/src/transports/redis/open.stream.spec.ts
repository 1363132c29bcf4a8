import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { RedisOptions } from 'ioredis';
import { DirectConnector } from './direct.connector.js';
import { RedisMasterConnector } from './redis.master.connector.js';

let server: Server;
let port: number;
beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => server.close());

const address = () => ({ host: '127.0.0.1', port });

const direct = (options: RedisOptions) => new DirectConnector({ ...address(), ...options });

const led = (options: RedisOptions) =>
  new RedisMasterConnector(
    { enableTLSForSentinelMode: true, ...options },
    {
      follow: () => undefined,
      master: async () => address(),
    },
  );

describe.each([
  ['a direct connection', direct],
  ['a connection to the master that sentinels name', led],
])('%s', (_name, connectorWith) => {
  it.each([
    ['plain', {}],
    ['over TLS', { tls: { rejectUnauthorized: false } }],
  ])('lets no error escape that comes after its end, %s', async (_how, options) => {
    const stream = await connectorWith(options).connect(() => undefined);
    stream.destroy();
    await once(stream, 'close');
    // As Node emits the alert of a server whose connection was given up while both shook hands.
    expect(() => ['first', 'second'].map((text) => stream.emit('error', new Error(text)))).not.toThrow();
  });
});
