import { setTimeout as delay } from 'node:timers/promises';
import { Inbox } from '../support/inbox.js';
import { named } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { nestTransport } from './support/nest.transport.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const EVENTS = 20;
const WORK_MS = 300;
/** Longer than the work; the endless handler is waited for that long. */
const DRAIN_TIMEOUT_MS = 2_000;

const stage = new FaultStage();

const row: FaultRow<{ finished: number; intakeOffFirst: boolean; leftoverNamed: boolean }> = {
  stage,
  id: 'F19',
  fault: 'shutdown with work in flight',
  promise: 'intake is off, work is drained up to the deadline, and what is left is named',
  async run(contender) {
    const started = new Inbox<unknown>();
    const endless = new Inbox<unknown>();
    let finished = 0;
    const channels = Array.from({ length: EVENTS }, (_, n) => `orders:${n}`);
    const service = await stage.start(contender, {
      handlers: [
        {
          name: 'working',
          targets: channels,
          async handle(payload) {
            started.push(payload);
            await delay(WORK_MS);
            finished += 1;
          },
        },
        {
          name: 'endless',
          targets: ['endless'],
          handle(payload) {
            endless.push(payload);
            return new Promise(() => undefined);
          },
        },
      ],
    });
    await stage.subscribed(...channels, 'endless');
    for (const channel of ['endless', ...channels]) await stage.redis.cli('PUBLISH', channel, '{}');
    await Promise.all([started.count(EVENTS), endless.count(1)]);

    let isClosed = false;
    // The process may end when it resolves.
    const closing = service.close().then(() => (isClosed = true));
    await stage.unsubscribed(...channels, 'endless');
    const intakeOffFirst = !isClosed;
    await closing;
    return {
      finished,
      intakeOffFirst,
      leftoverNamed: service.log.troubles.some((line) => line.includes('.endless: 1 running')),
    };
  },
  check({ finished, intakeOffFirst, leftoverNamed }) {
    expect(finished).toBe(EVENTS);
    expect(intakeOffFirst).toBe(true);
    expect(leftoverNamed).toBe(true);
  },
  figure: ({ finished, leftoverNamed }) =>
    `${finished} of ${EVENTS} finished, the endless one is ${leftoverNamed ? 'named' : 'not named'}`,
};

describe('F19: shutdown with work in flight', () => {
  it('lets it finish, and names what does not', () =>
    expectToHold(row, theBus({ shutdown: { drainTimeoutMs: DRAIN_TIMEOUT_MS } })));

  it('finishes none without a drain (control)', () =>
    expectToBite(row, named('the bus with drainTimeoutMs: 0', theBus({ shutdown: { drainTimeoutMs: 0 } }))));

  it('finishes none with plain ioredis (control)', () => expectToBite(row, plainIoredis()));

  it("finishes none with Nest's transport (control)", () => expectToBite(row, nestTransport()));
});
