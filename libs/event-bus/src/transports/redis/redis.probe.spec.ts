import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { CertificateAuthority } from '../../../../../test/support/certificates.js';
import { RedisProbe } from './redis.probe.js';

describe('RedisProbe', () => {
  let server: Server | undefined;
  const clients = new Set<Socket>();
  afterEach(() => {
    for (const client of clients) client.destroy();
    clients.clear();
    server?.close();
  });

  /** Probes a server that does this with whoever connects. */
  async function probe(greet: (client: Socket) => void): Promise<RedisProbe> {
    server = createServer((client) => {
      clients.add(client.on('error', () => undefined));
      greet(client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new RedisProbe({ address: { host: '127.0.0.1', port } });
  }

  it.each([
    ['ERR max number of clients reached', '-ERR max number of clients reached\r\n'],
    ['DENIED Redis is running in protected mode.', '-DENIED Redis is running in protected mode.\r\nmore\r\n'],
    ['ERR cut off', '-ERR cut off'],
  ])('reads %s', async (refusal, bytes) => {
    const { refusal: read } = await probe((client) => client.end(bytes));
    expect(await read).toBe(refusal);
  });

  it('does not wait for the end of the connection', async () => {
    const { refusal } = await probe((client) => client.write('-ERR no\r\n'));
    expect(await refusal).toBe('ERR no');
  });

  it('puts together what comes in pieces', async () => {
    const { refusal } = await probe((client) => {
      client.setNoDelay(true);
      client.write('-ERR ', () => client.write('no\r\n'));
    });
    expect(await refusal).toBe('ERR no');
  });

  it.each([
    ['nothing', ''],
    ['what is no error', '+OK\r\n'],
    ['what is not Redis', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('takes %s for no refusal', async (_what, bytes) => {
    const { refusal } = await probe((client) => client.end(bytes));
    expect(await refusal).toBeUndefined();
  });

  it('gives up on a server that says nothing', async () => {
    const { refusal } = await probe(() => undefined);
    expect(await refusal).toBeUndefined();
  });

  it('reads no more than a line', async () => {
    const { refusal } = await probe((client) => client.end(`-ERR ${'x'.repeat(100_000)}`));
    expect((await refusal)?.length).toBeLessThan(1_000);
  });

  it('hears why a server ends TLS, which whoever writes at once may not', async () => {
    const authority = new CertificateAuthority();
    const identity = authority.issue({ name: 'redis', hosts: ['127.0.0.1'] });
    const guarded = createTlsServer({ ...identity, ca: authority.cert, requestCert: true });
    guarded.listen(0, '127.0.0.1');
    await once(guarded, 'listening');
    const { port } = guarded.address() as AddressInfo;
    const stranger = new RedisProbe({ address: { host: '127.0.0.1', port }, tls: { ca: authority.cert } });
    expect(await stranger.refusal).toBeUndefined();
    expect(stranger.alert).toMatchObject({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
    guarded.close();
    await once(guarded, 'close');
  });

  it('ends when it is cancelled', async () => {
    const cancelled = await probe(() => undefined);
    cancelled.cancel();
    expect(await cancelled.refusal).toBeUndefined();
  });

  it('has nothing to say of a port where nobody listens', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    expect(await new RedisProbe({ address: { host: '127.0.0.1', port } }).refusal).toBeUndefined();
  });
});
