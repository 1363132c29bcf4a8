import { Inbox } from '../support/inbox.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const TARGETS = ['o:a', 'o:?', 'o:*', '*'];
const FENCE = 'fence';

const stage = new FaultStage();

const row: FaultRow<{ calls: readonly number[] }> = {
  stage,
  id: 'F23',
  fault: `a handler with ${TARGETS.join(', ')}, another with o:*, one event on o:a`,
  promise: 'one call per handler and event',
  async run(contender) {
    const [first, second] = [new Inbox<unknown>(), new Inbox<unknown>()];
    const service = await stage.start(contender, {
      handlers: [
        { name: 'all', targets: TARGETS, handle: first.push },
        { name: 'one', targets: ['o:*'], handle: second.push },
      ],
    });
    await service.publish('o:a', 'event');
    await service.publish('o:a', FENCE);
    const inboxes = [first, second];
    await inTime(Promise.all(inboxes.map((inbox) => inbox.upTo((payload) => payload === FENCE))));
    return { calls: inboxes.map(({ items }) => items.filter((payload) => payload === 'event').length) };
  },
  check({ calls }) {
    expect(calls).toEqual([1, 1]);
  },
  figure: ({ calls: [first, second] }) => `${first} and ${second} calls`,
};

describe('F23: targets overlap', () => {
  it('calls each handler once', () => expectToHold(row, theBus()));

  it('calls it once per subscription with plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});
