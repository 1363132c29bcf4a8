import fc from 'fast-check';
import { Redis } from 'ioredis';
import { RedisGlob } from '../../libs/event-bus/src/routing/redis-glob.js';
import { RedisServer } from '../support/redis.server.js';

const SEED_VARIABLE = 'REDIS_GLOB_SEED';
const seed = Number(process.env[SEED_VARIABLE] ?? Math.floor(Math.random() * 2 ** 31));

const text = ['a', 'b', 'c', 'z', ':', '\0', '\n', 'é', 'è', '✓', '😀', '\ufffd'];
const special = ['*', '?', '[', ']', '^', '-', '\\'];

/** Every mix of glob characters, most of which nobody would write. */
const wildPattern = fc.string({ unit: fc.constantFrom(...special, ...special, ...text), maxLength: 12 });
/** Globs whose parts are whole, so that more channels match. */
const soundPattern = fc
  .array(
    fc.oneof(
      fc.constantFrom('*', '?', '**', ...text),
      fc.constantFrom(...special, ...text).map((char) => `\\${char}`),
      fc
        .tuple(
          fc.constantFrom('', '^'),
          fc.array(fc.constantFrom('a', 'b', 'a-c', 'z-b', '^', '?', '\\]', '\\-', 'é')),
        )
        .map(([not, members]) => `[${not}${members.join('')}]`),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
/** Few bytes and many stars: what may match here or there. */
const densePattern = fc.string({ unit: fc.constantFrom('a', 'b', 'a', 'b', '*', '*', '?'), maxLength: 10 });
const channelName = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }),
  fc.string({ unit: fc.constantFrom(...text), maxLength: 4 }),
  fc.string({ unit: fc.constantFrom(...special, ...text), maxLength: 8 }),
);
/** Redis compares the ends of a range as `char`, which is signed on x86: only there do we know what to expect. */
const isComparable = (pattern: string) =>
  process.arch === 'x64' || !/\[.*[\u{80}-\u{10ffff}]/su.test(pattern);

/** Thousands of comparisons in a handful of round trips. */
const round = fc
  .record({
    patterns: fc.uniqueArray(fc.oneof(wildPattern, soundPattern, densePattern).filter(isComparable), {
      maxLength: 60,
      size: 'max',
    }),
    channels: fc.array(channelName, { maxLength: 60, size: 'max' }),
  })
  .map(({ patterns, channels }) => {
    // Random channels seldom match a long pattern; what is left of the pattern itself often does.
    const likely = patterns.flatMap((pattern) => [pattern, pattern.replaceAll(/[*?[\]\\^-]/g, '')]);
    return { patterns, channels: [...new Set([...text, ...special, ...likely, ...channels])] };
  });

describe('RedisGlob against a real server', () => {
  let server: RedisServer;
  let asking: Redis;
  let subscriber: Redis;
  let compared = 0;
  let matched = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
    asking = new Redis(server.url);
    subscriber = new Redis(server.url);
    process.stdout.write(`redis-glob: ${SEED_VARIABLE}=${seed} repeats this run\n`);
  });

  afterAll(async () => {
    asking.disconnect();
    subscriber.disconnect();
    await server.stop();
    process.stdout.write(`redis-glob: ${compared} comparisons, ${matched} matches\n`);
  });

  it('matches what PSUBSCRIBE delivers', async () => {
    await fc.assert(
      fc.asyncProperty(round, async ({ patterns, channels }) => {
        expect(matchesOf(patterns, channels)).toEqual(await delivered(patterns, channels));
      }),
      { seed, numRuns: 60 },
    );
  }, 60_000);

  it('matches what PUBSUB CHANNELS lists', async () => {
    await fc.assert(
      fc.asyncProperty(round, async ({ patterns, channels }) => {
        expect(matchesOf(patterns, channels)).toEqual(await listed(patterns, channels));
      }),
      { seed: seed + 1, numRuns: 60 },
    );
  }, 60_000);

  /** Each matching pair, as our globs see it. */
  function matchesOf(patterns: readonly string[], channels: readonly string[]): string[] {
    const pairs = patterns.flatMap((pattern) => {
      const glob = new RedisGlob(pattern);
      return channels.filter((channel) => glob.matches(channel)).map((channel) => pairOf(pattern, channel));
    });
    compared += patterns.length * channels.length;
    matched += pairs.length;
    return pairs.toSorted();
  }

  /** Each pair that a subscription delivers when every channel is published to once. */
  async function delivered(patterns: readonly string[], channels: readonly string[]): Promise<string[]> {
    const pairs: string[] = [];
    const onMessage = (pattern: string | Buffer, channel: Buffer) => {
      pairs.push(pairOf(pattern.toString(), channel.toString()));
    };
    subscriber.on('pmessageBuffer', onMessage);
    try {
      if (patterns.length > 0) await subscriber.psubscribe(...patterns);
      const publishing = asking.pipeline();
      for (const channel of channels) publishing.publish(channel, '');
      await publishing.exec();
      // The answer stands behind every delivery in the stream of this connection, so it is the fence.
      if (patterns.length > 0) await subscriber.punsubscribe(...patterns);
    } finally {
      subscriber.off('pmessageBuffer', onMessage);
    }
    return pairs.toSorted();
  }

  /** Each pair that the server finds among the channels that are subscribed to. */
  async function listed(patterns: readonly string[], channels: readonly string[]): Promise<string[]> {
    if (channels.length > 0) await subscriber.subscribe(...channels);
    const questions = asking.pipeline();
    for (const pattern of patterns) questions.call('PUBSUB', 'CHANNELS', pattern);
    const answers = (await questions.exec()) ?? [];
    if (channels.length > 0) await subscriber.unsubscribe(...channels);
    return answers
      .flatMap(([, channelsOf], index) =>
        (channelsOf as string[]).map((channel) => pairOf(patterns[index]!, channel)),
      )
      .toSorted();
  }
});

function pairOf(pattern: string, channel: string): string {
  return `${JSON.stringify(pattern)} ${JSON.stringify(channel)}`;
}
