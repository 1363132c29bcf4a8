import { Redis } from 'ioredis';
import { Inbox } from '../support/inbox.js';
import { LogLines } from '../support/log.lines.js';
import type { Contender } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inTime } from './support/patience.js';
import { theBus } from './support/the.bus.js';

const MIB = 1024 * 1024;
/** As many as 1 MiB takes. */
const NULLS = Math.floor(MIB / '\u001Enull'.length);
const OBJECTS = 20_000;
const UNREADABLE = 5_000;
/** A slice when the message comes, and one in the turn that follows. */
const PER_TURN = 1_500;
const LINES = 10;

const stage = new FaultStage();

interface Outcome {
  readonly calls: number;
  readonly dropped: number | undefined;
  readonly mostPerTurn: number;
  readonly isInOrder: boolean;
  readonly lines: number;
  readonly rejected: number | undefined;
  readonly failed: number | undefined;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F41',
  fault: `frames of ${NULLS.toLocaleString('en')} records of null, of ${OBJECTS.toLocaleString('en')} events that a handler fails on, of ${UNREADABLE.toLocaleString('en')} unreadable ones`,
  promise: `counted to the event, at most ${LINES} log lines and ${PER_TURN.toLocaleString('en')} events per turn of the event loop, in order`,
  async run(contender) {
    const fence = new Inbox<unknown>();
    const seen: number[] = [];
    const turns = new TurnCounter();
    stage.closeLater(() => turns.stop());
    const service = await stage.start(contender, {
      handlers: [
        {
          name: 'flooded',
          targets: ['flood'],
          handle(payload) {
            turns.count();
            seen.push((payload as { n: number } | null)?.n ?? -1);
            throw new TypeError('nobody can do anything with it');
          },
        },
        { name: 'fence', targets: ['fence'], handle: fence.push },
      ],
    });
    await stage.subscribed('flood', 'fence');
    const admin = await stage.admin();
    const before = service.log.lines.length;
    await admin.publish('flood', '\u001Enull'.repeat(NULLS));
    const objects = Array.from({ length: OBJECTS }, (_, n) => `\u001E{"n":${n}}`);
    await admin.publish('flood', objects.join(''));
    await admin.publish('flood', '\u001E{"n":'.repeat(UNREADABLE));
    await admin.publish('fence', '1');
    await inTime(fence.count(1));
    await service.close();
    const counters = service.bus?.inspector.snapshot().counters;
    return {
      calls: seen.length,
      dropped: counters?.dropped,
      mostPerTurn: turns.most,
      isInOrder: seen.every((n, index) => index === 0 || n > (seen[index - 1] as number)),
      lines: service.log.lines.length - before,
      rejected: counters?.rejected,
      failed: counters?.failed,
    };
  },
  check({ calls, dropped, mostPerTurn, isInOrder, lines, rejected, failed }) {
    expect(isInOrder).toBe(true);
    // The slices come faster than a handler that fails is called: its buffer is full in the end.
    expect(calls + (dropped ?? 0)).toBe(OBJECTS);
    expect(mostPerTurn).toBeLessThanOrEqual(PER_TURN);
    expect(lines).toBeLessThanOrEqual(LINES);
    expect([rejected, failed]).toEqual([NULLS + UNREADABLE, calls]);
  },
  figure: ({ calls, dropped = 0, mostPerTurn, lines }) =>
    `${(calls + dropped).toLocaleString('en')} handled or counted, at most ${mostPerTurn.toLocaleString('en')} in a turn, ${lines.toLocaleString('en')} log lines`,
};

/** Counts what happens in each turn of the event loop. */
class TurnCounter {
  most = 0;
  private current = 0;
  private immediate = setImmediate(() => this.next());

  count(): void {
    this.current += 1;
    this.most = Math.max(this.most, this.current);
  }

  stop(): void {
    clearImmediate(this.immediate);
  }

  private next(): void {
    this.current = 0;
    this.immediate = setImmediate(() => this.next());
  }
}

/** Takes frames apart as docs/delivery.md tells others to, and logs every failure. */
function frameReader(): Contender {
  return {
    name: 'plain ioredis that reads frames',
    async start({ url, handlers = [], endLater }) {
      const log = new LogLines();
      const subscriber = new Redis(url);
      endLater(() => subscriber.disconnect());
      const handle = (channel: string, record: string) => {
        try {
          const payload: unknown = JSON.parse(record);
          for (const handler of handlers) if (handler.targets.includes(channel)) handler.handle(payload);
        } catch (error) {
          log.error(error);
        }
      };
      subscriber.on('message', (channel: string, body: string) => {
        for (const record of body.split('\u001E').filter(Boolean)) handle(channel, record);
      });
      await subscriber.subscribe(...handlers.flatMap(({ targets }) => targets));
      return {
        gaps: [],
        log,
        isReady: () => subscriber.status === 'ready',
        report: () => log.texts.join('\n'),
        publish: (channel, payload) => subscriber.duplicate().publish(channel, JSON.stringify(payload)),
        close: async () => subscriber.disconnect(),
      };
    },
  };
}

describe('F41: frames of very many records', () => {
  it('are counted, logged in episodes and handled in slices', () => expectToHold(row, theBus()));

  it('log a line for each record and hold up the event loop where they are just taken apart (control)', () =>
    expectToBite(row, frameReader()));
});
