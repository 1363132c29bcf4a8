import { TransportRefusedError, redis } from 'nestjs-redis-event-bus';
import type { EventTransport } from '../../libs/event-bus/src/transports/event.transport.js';
import { Escapes } from '../support/escapes.js';
import { eventually } from '../support/eventually.js';
import { muteListener } from '../support/mute.listener.js';
import { ScriptedServer, arrayOf, bulk } from '../support/scripted.server.js';

const ODD = ['$-1\r\n', '+WHAT\r\n', ':-1\r\n', arrayOf(':1\r\n'), arrayOf(bulk('a'), '$-1\r\n')];
const questions: Readonly<Record<string, (transport: EventTransport) => Promise<unknown>>> = {
  'PUBSUB CHANNELS': (transport) => transport.inspect!({ query: 'channels' }),
  'PUBSUB NUMSUB': (transport) => transport.inspect!({ query: 'subscriberCounts', channels: ['a'] }),
  'PUBSUB NUMPAT': (transport) => transport.inspect!({ query: 'patternCount' }),
  'CONFIG GET': async (transport) => transport.keyspace?.read(),
  SET: async (transport) => transport.claim?.('key', 1_000),
};

/** What a sentinel may say in bytes that are none of its business. */
const NONSENSE = ['$-1\r\n', arrayOf('$-1\r\n'), arrayOf(bulk('message'), '$-1\r\n', '$-1\r\n')];

/** A claim that another has is answered with null. */
const isFair = (question: string, odd: string) => question === 'SET' && odd === '$-1\r\n';

describe('a transport that is answered with something else', () => {
  it.each(
    Object.keys(questions).flatMap((question) =>
      ODD.filter((odd) => !isFair(question, odd)).map((odd) => [question, odd] as const),
    ),
  )('says so to who has asked, and takes another connection: %s %j', async (question, odd) => {
    const [command, subcommand] = question.split(' ');
    const server = await ScriptedServer.start(([name, first]) =>
      name?.toUpperCase() === command && (subcommand === undefined || first === subcommand) ? odd : undefined,
    );
    const transport = redis({ url: server.url }).create(muteListener);
    try {
      await transport.connect();
      const before = server.acceptedCount;
      const error = await questions[question]!(transport).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TransportRefusedError);
      expect(error).toMatchObject({ message: expect.stringContaining(question) });
      await eventually(() => expect(server.acceptedCount).toBe(before + 1));
      await eventually(() => expect(transport.state.status).toBe('ready'));
    } finally {
      await transport.close();
      server.stop();
    }
  });
});

describe('a sentinel that talks nonsense', () => {
  const escapes = new Escapes();
  beforeEach(() => escapes.listen());
  afterEach(() => escapes.release());

  it.each(NONSENSE)('is connected to anew, and believed when it answers: %j', async (nonsense) => {
    const master = await ScriptedServer.start();
    const address = ['ip', '127.0.0.1', 'port', String(master.port), 'config-epoch', '1'].map(bulk);
    let lies = 1;
    const sentinel = await ScriptedServer.start(([name, subcommand]) => {
      if (name?.toLowerCase() === 'subscribe') return undefined;
      if ((lies -= 1) >= 0) return nonsense;
      return subcommand === 'MASTER' ? arrayOf(...address) : arrayOf();
    });
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
    const transport = redis({ name: 'mymaster', sentinels }).create(muteListener);
    try {
      await transport.connect();
      const before = sentinel.acceptedCount;
      sentinel.push(nonsense);
      await eventually(() => expect(sentinel.acceptedCount).toBeGreaterThan(before));
      await eventually(() => expect(transport.state.status).toBe('ready'));
      expect(await escapes.take()).toEqual([]);
    } finally {
      await transport.close();
      for (const server of [sentinel, master]) server.stop();
    }
  });
});
