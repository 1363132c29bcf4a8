import { setImmediate as turn } from 'node:timers/promises';
import type { BackloggedMessage } from './message.backlog.js';
import { MessageBacklog, RECORDS_PER_TURN } from './message.backlog.js';

describe('MessageBacklog', () => {
  let backlog: MessageBacklog;
  let handedOn: string[];
  beforeEach(() => {
    backlog = new MessageBacklog();
    handedOn = [];
  });
  afterEach(() => void backlog.clear());

  const message = (name: string, records: number, bytes = records): BackloggedMessage => ({
    records,
    bytes,
    handlers: [{ name: 'One.handle' }],
    handOn: (record) => void handedOn.push(`${name}${record}`),
  });

  it('hands on a bounded number of records in each turn of the event loop', async () => {
    backlog.add(message('a', 10 * RECORDS_PER_TURN));
    const perTurn = [handedOn.length];
    while (!backlog.isEmpty) {
      const before = handedOn.length;
      await turn();
      perTurn.push(handedOn.length - before);
    }
    expect(perTurn).toEqual(Array.from({ length: 10 }, () => RECORDS_PER_TURN));
  });

  it('keeps the order of all that comes, also of what a record causes in the call', async () => {
    backlog.add({
      ...message('a', RECORDS_PER_TURN + 2),
      handOn: (record) => {
        handedOn.push(`a${record}`);
        if (record === RECORDS_PER_TURN + 1) backlog.add(message('c', 1));
      },
    });
    backlog.add(message('b', 2));
    await backlog.whenIdle();
    expect(handedOn.slice(RECORDS_PER_TURN)).toEqual([
      `a${RECORDS_PER_TURN}`,
      `a${RECORDS_PER_TURN + 1}`,
      'b0',
      'b1',
      'c0',
    ]);
  });

  it('ends while short messages keep coming, as many in a turn as it hands on, or more', async () => {
    backlog.add(message('a', 4 * RECORDS_PER_TURN));
    let turns = 0;
    for (; !backlog.isEmpty; turns += 1) {
      for (let n = 0; n < 3 * RECORDS_PER_TURN; n += 1) backlog.add(message('b', 1));
      await turn();
    }
    expect(turns).toBeLessThan(10);
  });

  it('hands on at once what is more than may wait, and loses nothing', () => {
    const mib = 1024 * 1024;
    for (let n = 0; n < 40; n += 1) backlog.add(message(`${n}:`, RECORDS_PER_TURN + 1, mib));
    const done = handedOn.filter((record) => record.endsWith(`:${RECORDS_PER_TURN}`)).length;
    // 16 MiB wait at most.
    expect(done).toBeGreaterThanOrEqual(40 - 16);
    expect(handedOn).toEqual(handedOn.toSorted((a, b) => weightOf(a) - weightOf(b)));
  });

  it('bounds by the number of messages too: each takes more than its bytes', () => {
    backlog.add(message('a', RECORDS_PER_TURN + 1));
    for (let n = 0; n < 100_000; n += 1) backlog.add(message('b', 1));
    expect(handedOn.length).toBeGreaterThan(30_000);
  });

  it('forgets what waits when it is cleared, and tells what that was', async () => {
    backlog.add(message('a', RECORDS_PER_TURN + 3));
    backlog.add(message('b', 2));
    expect(backlog.clear().map(({ left }) => left)).toEqual([3, 2]);
    await backlog.whenIdle();
    await turn();
    expect(handedOn).toHaveLength(RECORDS_PER_TURN);
  });
});

function weightOf(record: string): number {
  const [message = '', index = ''] = record.split(':');
  return Number(message) * 1_000 + Number(index);
}
