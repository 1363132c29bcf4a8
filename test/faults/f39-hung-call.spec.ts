import type { CanActivate, PipeTransform } from '@nestjs/common';
import { UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { NEVER } from 'rxjs';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import type { Contender, HandlerSetup } from './support/contender.js';
import { named } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const EVENTS = 10;
const STUCK_AFTER_MS = 100;

const never = () => new Promise<never>(() => undefined);
const hung: readonly (Omit<HandlerSetup, 'targets'> & { readonly name: string })[] = [
  { name: 'promise', handle: never },
  { name: 'observable', handle: () => NEVER },
  { name: 'guard', handle: never, decorators: [UseGuards({ canActivate: never } satisfies CanActivate)] },
  { name: 'pipe', handle: never, decorators: [UsePipes({ transform: never } satisfies PipeTransform)] },
  { name: 'interceptor', handle: never, decorators: [UseInterceptors({ intercept: never })] },
];

const stage = new FaultStage();

interface Outcome {
  /** Lines that say it, of each handler. */
  readonly warnings: readonly (readonly string[])[];
  /** Of each of them. */
  readonly oldestCallMs: readonly (number | undefined)[];
  readonly handledByOthers: number;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F39',
  fault: 'a call that never ends: a promise, an Observable, a guard, a pipe, an interceptor',
  promise: 'one warning with handler, channel and what waits, the age in the snapshot, others go on',
  async run(contender) {
    const calm = new Inbox<unknown>();
    const { log, bus } = await stage.start(contender, {
      handlers: [
        ...hung.map((handler) => ({ ...handler, targets: [`hung:${handler.name}`] })),
        { name: 'calm', targets: ['calm'], handle: calm.push },
      ],
    });
    const channels = [...hung.map(({ name }) => `hung:${name}`), 'calm'];
    await stage.subscribed(...channels);
    for (const channel of channels)
      for (let n = 0; n < EVENTS; n += 1) await stage.redis.cli('PUBLISH', channel, `{"n":${n}}`);
    await inTime(calm.count(EVENTS));
    const warningsOf = ({ name }: { readonly name: string }) =>
      log.troubles.filter((line) => line.includes(`.${name} channel="hung:${name}"`));
    await inTime(eventually(() => expect(hung.every((one) => warningsOf(one).length > 0)).toBe(true)));
    // Long enough for a second one, were there any.
    const ages = () =>
      bus?.inspector.snapshot().handlers.flatMap(({ oldestCallMs }) => oldestCallMs ?? []) ?? [];
    await inTime(eventually(() => expect(Math.min(...ages())).toBeGreaterThan(3 * STUCK_AFTER_MS)));
    return { warnings: hung.map(warningsOf), oldestCallMs: ages(), handledByOthers: calm.items.length };
  },
  check({ warnings, oldestCallMs, handledByOthers }) {
    for (const lines of warnings) {
      expect(lines).toEqual([expect.stringMatching(/^A call does not end.* forMs=\d+ waiting=9\)/)]);
    }
    expect(oldestCallMs).toHaveLength(hung.length);
    expect(handledByOthers).toBe(EVENTS);
  },
  figure: ({ warnings, oldestCallMs }) =>
    `${warnings.flat().length} warnings for ${hung.length} hung calls, ${oldestCallMs.length} ages in the snapshot`,
};

const busWith = (stuckAfterMs: number | false): Contender =>
  theBus({ handlerDefaults: { stuckAfterMs }, shutdown: { drainTimeoutMs: 10 } });

describe('F39: one hung call', () => {
  it('is named once, with its age in the snapshot', () => expectToHold(row, busWith(STUCK_AFTER_MS)));

  it('is not named where stuckAfterMs is off (control)', () =>
    expectToBite(row, named('the bus without stuckAfterMs', busWith(false))));

  it('is not named by plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});
