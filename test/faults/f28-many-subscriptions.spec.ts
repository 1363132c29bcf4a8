import { monitorEventLoopDelay } from 'node:perf_hooks';
import { eventually } from '../support/eventually.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inMs, since } from './support/figures.js';
import { msUntil } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const CHANNELS = Array.from({ length: 10_000 }, (_, n) => `c:${n}`);
const PATTERNS = Array.from({ length: 1_000 }, (_, n) => `p:${n}:*`);
const NAMES_PER_COMMAND_MAX = 500;

const stage = new FaultStage();

interface Outcome {
  readonly channels: number;
  readonly patterns: number;
  readonly recoveredMs: number | undefined;
  readonly namesPerCommand: number;
  readonly blockedMs: number;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F28',
  fault: `${CHANNELS.length.toLocaleString('en')} channels and ${PATTERNS.length.toLocaleString('en')} patterns reconnect`,
  promise: `all are back, asked for in commands of at most ${NAMES_PER_COMMAND_MAX} names`,
  async run(contender) {
    await stage.start(contender, {
      handlers: [{ name: 'handle', targets: [...CHANNELS, ...PATTERNS], handle: () => undefined }],
    });
    const admin = await stage.admin();
    await admin.config('RESETSTAT');
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(async () => expect(await admin.pubsub('NUMPAT')).toBe(0));
    const recoveredMs = await msUntil(async () => {
      const [, count] = await admin.pubsub('NUMSUB', CHANNELS.at(-1)!);
      return count === 1 && Number(await admin.pubsub('NUMPAT')) === PATTERNS.length;
    });
    loop.disable();
    const commands = Number(/cmdstat_subscribe:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1]);
    return {
      channels: (await admin.pubsub('CHANNELS', 'c:*')).length,
      patterns: Number(await admin.pubsub('NUMPAT')),
      recoveredMs,
      namesPerCommand: CHANNELS.length / commands,
      blockedMs: loop.max / 1_000_000,
    };
  },
  check({ channels, patterns, namesPerCommand }) {
    expect([channels, patterns]).toEqual([CHANNELS.length, PATTERNS.length]);
    expect(namesPerCommand).toBeLessThanOrEqual(NAMES_PER_COMMAND_MAX);
  },
  figure: ({ recoveredMs, namesPerCommand, blockedMs }) =>
    `${since('back', recoveredMs, 'the kill')}, ${Math.round(namesPerCommand)} names per command, loop blocked for at most ${inMs(blockedMs)}`,
};

describe('F28: many subscriptions', () => {
  it('come back in chunks', () => expectToHold(row, theBus()));

  it('come back in one command with plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});
