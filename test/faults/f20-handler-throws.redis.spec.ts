import type { ExceptionFilter } from '@nestjs/common';
import { Catch, UseFilters } from '@nestjs/common';
import { Inbox } from '../support/inbox.js';
import { runCommands } from '../support/resp.client.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inTime } from './support/patience.js';
import { nestTransport } from './support/nest.transport.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const EVENTS_PER_CHANNEL = 55;
const FAILING = ['throwing', 'rejecting', 'filtered'];
const CHANNELS = ['orders:calm', 'orders:throwing', 'orders:rejecting', 'orders:filtered'];
const FENCE = 'fence';

@Catch()
class BrokenFilter implements ExceptionFilter {
  catch(): never {
    throw new Error('the filter is broken');
  }
}

const stage = new FaultStage();

const row: FaultRow<{ handledByOthers: number; named: readonly string[] }> = {
  stage,
  id: 'F20',
  fault: 'a handler throws: at once, in a promise, and in its exception filter',
  promise:
    'other events and other handlers are unaffected, and each failure is reported with channel and handler',
  async run(contender) {
    const [calm, witness] = [new Inbox<unknown>(), new Inbox<unknown>()];
    const fail = (): never => {
      throw new Error('the handler is broken');
    };
    const { log } = await stage.start(contender, {
      handlers: [
        { name: 'calm', targets: ['orders:calm'], handle: calm.push },
        { name: 'witness', targets: ['orders:throwing'], handle: witness.push },
        { name: 'throwing', targets: ['orders:throwing'], handle: fail },
        { name: 'rejecting', targets: ['orders:rejecting'], handle: async () => fail() },
        {
          name: 'filtered',
          targets: ['orders:filtered'],
          handle: fail,
          decorators: [UseFilters(new BrokenFilter())],
        },
      ],
    });
    await stage.subscribed(...CHANNELS);
    // In one write, so that many of them share a chunk on their way to the subscriber.
    await runCommands(
      stage.redis.port,
      Array.from({ length: EVENTS_PER_CHANNEL }, (_, n) =>
        CHANNELS.map((name) => ['PUBLISH', name, `{"n":${n}}`]),
      ).flat(),
    );
    for (const channel of CHANNELS) await stage.redis.cli('PUBLISH', channel, `{"n":"${FENCE}"}`);
    const isFence = (payload: unknown) => (payload as { n: unknown }).n === FENCE;
    const inboxes = [calm, witness];
    await inTime(Promise.all(inboxes.map((inbox) => inbox.upTo(isFence))));
    return {
      handledByOthers: inboxes.flatMap(({ items }) => items).filter((payload) => !isFence(payload)).length,
      named: FAILING.filter((name) =>
        log.troubles.some((line) => line.includes(`.${name} `) && line.includes(`"orders:${name}"`)),
      ),
    };
  },
  check({ handledByOthers, named }) {
    expect(handledByOthers).toBe(2 * EVENTS_PER_CHANNEL);
    expect(named).toEqual(FAILING);
  },
  figure: ({ handledByOthers, named }) =>
    `lost ${2 * EVENTS_PER_CHANNEL - handledByOthers} of ${2 * EVENTS_PER_CHANNEL}, failures named ${named.length} of ${FAILING.length}`,
};

describe('F20: a handler throws', () => {
  it('leaves other events and handlers alone, and is named', () => expectToHold(row, theBus()));

  it('costs plain ioredis the process (control)', () => expectToBite(row, plainIoredis()));

  it("is nameless with Nest's transport (control)", () => expectToBite(row, nestTransport()));
});
