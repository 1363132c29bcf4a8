import { once } from 'node:events';
import { Socket, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { RedisOptions } from 'ioredis';
import { settled } from '../../../../../test/support/eventually.js';
import { Inbox } from '../../../../../test/support/inbox.js';
import { ConnectionDiagnosis } from './connection.diagnosis.js';
import { RedisSecrets } from './redis.secrets.js';

const REFUSAL = 'ERR max number of clients reached';
const CLOSED = 'the server closed the connection';

/** Of a link that has gone, in the words of the driver. */
const mute = () => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

describe('ConnectionDiagnosis', () => {
  let server: Server;
  let port: number;
  let accepted: number;
  /** What the server says before it closes a connection. */
  let greeting: string;
  let stream: Socket;
  let found: Inbox<string>;
  const open: ConnectionDiagnosis[] = [];

  beforeEach(async () => {
    accepted = 0;
    greeting = `-${REFUSAL}\r\n`;
    server = createServer((client) => {
      accepted += 1;
      client.on('error', () => undefined).end(greeting);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    stream = new Socket();
    found = new Inbox();
  });
  afterEach(() => {
    for (const diagnosis of open.splice(0)) diagnosis.close();
    stream.destroy();
    server.close();
  });

  function diagnose(options: Partial<RedisOptions> = {}, secrets = new RedisSecrets()): ConnectionDiagnosis {
    const redis = { options: { host: '127.0.0.1', port, ...options }, stream };
    const diagnosis = new ConnectionDiagnosis(redis, secrets, ({ message }) => found.push(message));
    open.push(diagnosis);
    diagnosis.begin();
    return diagnosis;
  }

  it('keeps what says why, whatever says no more than that the link is gone', () => {
    const diagnosis = diagnose();
    diagnosis.failed(mute());
    diagnosis.failed(new Error('WRONGPASS'));
    diagnosis.failed(mute());
    expect([found.items, diagnosis.reason?.message]).toEqual([['write EPIPE', 'WRONGPASS'], 'WRONGPASS']);
  });

  it('forgets what came before a link that is up', () => {
    const diagnosis = diagnose();
    diagnosis.failed(new Error('connect ECONNREFUSED'));
    diagnosis.succeeded();
    expect(diagnosis.reason).toBeUndefined();
  });

  it('asks a server that closes the connection for its reason', async () => {
    const diagnosis = diagnose();
    diagnosis.turnedAway();
    expect(await found.count(2)).toEqual([CLOSED, REFUSAL]);
    expect(diagnosis.reason).toMatchObject({ name: 'ReplyError', message: REFUSAL });
  });

  it('asks nothing where the attempt has explained itself', async () => {
    const diagnosis = diagnose();
    diagnosis.failed(new Error('WRONGPASS'));
    diagnosis.turnedAway();
    await settled();
    expect([found.items, accepted]).toEqual([['WRONGPASS'], 0]);
  });

  it('asks once until the link is up, however often the server closes it', async () => {
    const diagnosis = diagnose();
    diagnosis.turnedAway();
    await found.count(2);
    diagnosis.begin();
    diagnosis.turnedAway();
    await settled();
    expect([found.items, accepted]).toEqual([[CLOSED, REFUSAL], 1]);
    diagnosis.succeeded();
    diagnosis.begin();
    diagnosis.turnedAway();
    expect(await found.count(4)).toEqual([CLOSED, REFUSAL, CLOSED, REFUSAL]);
  });

  it.each<[string, (diagnosis: ConnectionDiagnosis) => void, string | undefined]>([
    ['the link is up', (diagnosis) => diagnosis.succeeded(), undefined],
    ['it is closed', (diagnosis) => diagnosis.close(), CLOSED],
  ])('takes no answer once %s', async (_when, end, reason) => {
    const diagnosis = diagnose();
    const asked = once(server, 'connection');
    diagnosis.turnedAway();
    await asked;
    end(diagnosis);
    await once(server.close(), 'close');
    await settled();
    expect([found.items, diagnosis.reason?.message]).toEqual([[CLOSED], reason]);
  });

  it('finds nothing any more once it is closed', () => {
    const diagnosis = diagnose();
    diagnosis.close();
    diagnosis.failed(new Error('too late'));
    expect([found.items, diagnosis.reason]).toEqual([[], undefined]);
  });

  it('asks the server that a Sentinel has named, once one has accepted a connection', async () => {
    const diagnosis = diagnose({ host: 'nowhere.invalid', sentinels: [{ host: 'sentinel', port: 1 }] });
    diagnosis.turnedAway();
    await settled();
    expect([found.items, diagnosis.peerAddress]).toEqual([[CLOSED], undefined]);
    stream.connect(port, '127.0.0.1');
    await once(stream, 'connect');
    diagnosis.connected();
    expect(diagnosis.peerAddress).toEqual({ host: '127.0.0.1', port });
    diagnosis.begin();
    diagnosis.turnedAway();
    expect(await found.count(2)).toEqual([CLOSED, REFUSAL]);
  });

  it('says no secret', () => {
    const secrets = new RedisSecrets();
    secrets.given('hunter2-hunter2');
    diagnose({}, secrets).failed(new Error('AUTH hunter2-hunter2 failed'));
    expect(found.items).toEqual([expect.not.stringContaining('hunter2')]);
  });
});
