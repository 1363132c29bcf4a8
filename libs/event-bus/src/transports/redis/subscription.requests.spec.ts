import { jest } from '@jest/globals';
import { FakeConnection } from '../../../../../test/support/fake.connection.js';
import { settled } from '../../../../../test/support/eventually.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { setImmediate } from '../real.time.js';
import { SubscriptionTable } from '../subscription-table.js';
import { SubscriptionRequests } from './subscription.requests.js';

const BUSY = 'LOADING Redis is loading the dataset in memory';

describe('SubscriptionRequests', () => {
  let connection: FakeConnection;
  let table: SubscriptionTable;
  let requests: SubscriptionRequests;
  let told: string[];
  let changes: number;

  beforeEach(() => {
    jest.useFakeTimers();
    connection = new FakeConnection();
    table = new SubscriptionTable();
    told = [];
    changes = 0;
    requests = new SubscriptionRequests(connection, table, {
      confirmed: (request) => {
        table.confirm(request);
        told.push(`confirmed ${request.targets.map(({ name }) => name).join(' ')}`);
      },
      refused: (request, { message }) => {
        if (message === BUSY) requests.postpone(request, message);
        else for (const single of table.refuse(request, message)) requests.send(single);
        told.push(`refused ${message}`);
      },
      changed: () => {
        changes += 1;
      },
    });
  });
  afterEach(() => {
    requests.close();
    jest.useRealTimers();
  });

  const want = (...names: readonly string[]) => {
    for (const name of names) {
      const target: SubscriptionTarget = { kind: name.endsWith('*') ? 'pattern' : 'channel', name };
      table.hold(target);
    }
    requests.sendWaiting();
  };
  const sent = () => connection.sent.map(({ command }) => command);
  const refuseNext = async (message: string) => {
    connection.next().refuse(message);
    await settled();
  };

  it('asks for what is wanted, in one command for each kind', () => {
    want('a', 'b', 'c*');
    expect(sent()).toEqual(['subscribe a b', 'psubscribe c*']);
  });

  it('reports an answer at its place in the byte stream', () => {
    want('a');
    connection.next().confirm();
    expect(told).toEqual(['confirmed a']);
  });

  it('asks for nothing without a link', () => {
    connection.isUp = false;
    want('a');
    expect(sent()).toEqual([]);
    connection.isUp = true;
    requests.sendWaiting();
    expect(sent()).toEqual(['subscribe a']);
  });

  it('sends one full command in a turn of the event loop', async () => {
    const names = Array.from({ length: 1_001 }, (_, index) => `c${index}`);
    want(...names);
    requests.sendWaiting();
    const sizes = () => sent().map((command) => command.split(' ').length - 1);
    expect(sizes()).toEqual([500]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sizes()).toEqual([500, 500]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sizes()).toEqual([500, 500, 1]);
  });

  it('reports a refusal, and no link that goes: that is no answer', async () => {
    want('a');
    want('b*');
    await refuseNext('NOPERM no');
    connection.die({ suspend: () => undefined });
    await settled();
    expect(told).toEqual(['refused NOPERM no']);
  });

  it('asks later for what the server refuses for the time being, and for everything else with it', async () => {
    want('a');
    await refuseNext(BUSY);
    expect([requests.postponedReason, changes]).toEqual([BUSY, 1]);
    want('b');
    expect(sent()).toEqual([]);
    jest.advanceTimersByTime(50);
    expect(sent()).toEqual(['subscribe a b']);
    connection.next().confirm();
    expect([told.at(-1), requests.postponedReason]).toEqual(['confirmed a b', undefined]);
  });

  it('waits twice as long after each refusal, a second at most, and begins anew after an answer', async () => {
    want('a');
    for (const waitMs of [50, 100, 200, 400, 800, 1_000, 1_000]) {
      await refuseNext(BUSY);
      jest.advanceTimersByTime(waitMs - 1);
      expect(sent()).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(sent()).toEqual(['subscribe a']);
    }
    connection.next().confirm();
    want('b');
    await refuseNext(BUSY);
    jest.advanceTimersByTime(50);
    expect(sent()).toEqual(['subscribe b']);
  });

  it('has nothing postponed once nobody wants it any more', async () => {
    want('a');
    await refuseNext(BUSY);
    table.drop({ kind: 'channel', name: 'a' });
    jest.advanceTimersByTime(50);
    expect([requests.postponedReason, sent(), changes]).toEqual([undefined, [], 2]);
  });

  it('asks at once on a new link for what was postponed on the old one', async () => {
    want('a');
    await refuseNext(BUSY);
    requests.clearPostponed();
    requests.sendWaiting();
    expect(sent()).toEqual(['subscribe a']);
  });

  it('asks again for what is denied after half a minute, once for all of them', async () => {
    want('a');
    await refuseNext('NOPERM no');
    requests.retryDeniedLater();
    jest.advanceTimersByTime(15_000);
    requests.retryDeniedLater();
    jest.advanceTimersByTime(14_999);
    expect(sent()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(sent()).toEqual(['subscribe a']);
    await refuseNext('NOPERM no');
    jest.advanceTimersByTime(30_000);
    expect(sent()).toEqual([]);
    requests.retryDeniedLater();
    jest.advanceTimersByTime(30_000);
    expect(sent()).toEqual(['subscribe a']);
  });

  it('neither asks nor reports once it is closed', async () => {
    want('a');
    await refuseNext(BUSY);
    want('b');
    jest.advanceTimersByTime(50);
    const asked = connection.next();
    requests.retryDeniedLater();
    requests.close();
    expect(jest.getTimerCount()).toBe(0);
    told = [];
    asked.confirm();
    want('c');
    jest.advanceTimersByTime(60_000);
    expect([told, sent()]).toEqual([[], []]);
  });

  it('reports no refusal once it is closed', async () => {
    want('a');
    requests.close();
    await refuseNext('NOPERM no');
    expect(told).toEqual([]);
  });
});
