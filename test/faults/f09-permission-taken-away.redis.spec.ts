import { eventually } from '../support/eventually.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const CHANNELS = ['orders:a', 'orders:b', 'orders:c', 'orders:d', 'orders:e'];
const DENIED = 'orders:c';
const KEPT = CHANNELS.filter((channel) => channel !== DENIED);
const COMMANDS = ['+subscribe', '+unsubscribe', '+publish', '+ping', '+info'];

const stage = new FaultStage();

interface Outcome {
  readonly heard: readonly string[];
  /** The channel is named together with what Redis said. */
  readonly isNamed: boolean;
  /** Refused SUBSCRIBE commands until all others are heard. */
  readonly refusals: number;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F9',
  fault: `ACL takes one of ${CHANNELS.length} channels away`,
  promise: 'only that one is denied and named, and it is not asked for in a hurry',
  async run(contender) {
    const heard = new Set<string>();
    await grant(CHANNELS);
    const service = await stage.start(contender, {
      url: stage.redis.url.replace('//', '//bus:secret@'),
      handlers: CHANNELS.map((channel, n) => ({
        name: `handle${n}`,
        targets: [channel],
        handle: () => heard.add(channel),
      })),
    });
    // Redis closes the connections that are subscribed to what is not allowed any more.
    await grant(KEPT);
    await eventually(async () => expect(await refusedSubscribes()).toBeGreaterThan(0));
    heard.clear();
    await msUntil(async () => {
      for (const channel of CHANNELS) await stage.redis.cli('PUBLISH', channel, '{}');
      return KEPT.every((channel) => heard.has(channel));
    });
    return {
      heard: CHANNELS.filter((channel) => heard.has(channel)),
      isNamed: service
        .report()
        .split('\n')
        .some((line) => line.includes('NOPERM') && line.includes(DENIED)),
      refusals: await refusedSubscribes(),
    };
  },
  check({ heard, isNamed, refusals }) {
    expect(heard).toEqual(KEPT);
    expect(isNamed).toBe(true);
    // All together, then each alone.
    expect(refusals).toBe(2);
  },
  figure: ({ heard, isNamed }) =>
    `keeps ${heard.length} of ${CHANNELS.length}, the other is ${isNamed ? 'named' : 'not named'}`,
};

async function grant(channels: readonly string[]): Promise<void> {
  const rules = channels.map((channel) => `&${channel}`);
  await stage.redis.cli(
    'ACL',
    'SETUSER',
    'bus',
    'on',
    '>secret',
    'resetkeys',
    'resetchannels',
    ...rules,
    '-@all',
    ...COMMANDS,
  );
}

async function refusedSubscribes(): Promise<number> {
  const stats = String(await stage.redis.cli('INFO', 'commandstats'));
  return Number(/cmdstat_subscribe:.*rejected_calls=(\d+)/.exec(stats)?.[1]);
}

describe('F9: a permission is taken away', () => {
  it('costs that one channel, which is named', () => expectToHold(row, theBus()));

  it('costs plain ioredis all of them, and the process (control)', () => expectToBite(row, plainIoredis()));
});
