import type { SubscribeOutcome, SubscriptionTarget } from '../event.transport.js';
import type { SubscriptionListener } from '../redis/delivery.gate.js';
import type { ClusterNode } from './cluster.node.js';
import { KeyspaceSubscriber } from './keyspace.subscriber.js';
import type { MasterOfKeys } from './keyspace.subscriber.js';

const EXPIRED: SubscriptionTarget = { kind: 'channel', name: '__keyevent@0__:expired' };
const nodeAt = (port: number): ClusterNode => ({ host: 'h', port, isMaster: true });

/** A master that answers when the test says so. */
class Master implements MasterOfKeys {
  isFullySubscribed = true;
  isClosed = false;
  held: SubscriptionTarget[] = [];
  private answer: (outcomes: readonly SubscribeOutcome[]) => void = () => undefined;

  constructor(
    readonly key: string,
    readonly listener: SubscriptionListener,
    readonly isAwaited: boolean,
  ) {}

  readonly reason = 'not yet';
  readonly connection = { isUp: true, address: 'h:1', proof: undefined };
  readonly subscriber = {
    subscribe: (targets: readonly SubscriptionTarget[]) => {
      this.held.push(...targets);
      return new Promise<readonly SubscribeOutcome[]>((resolve) => {
        this.answer = resolve;
      });
    },
    unsubscribe: async (targets: readonly SubscriptionTarget[]) => {
      this.held = [];
      this.listener.released(targets);
    },
    subscriptions: () =>
      this.held.map((target) => ({ target, state: this.isFullySubscribed ? 'active' : 'lost' }) as const),
  };

  confirm(): void {
    this.listener.confirmed(this.held);
    this.answer(this.held.map((target) => ({ target })));
  }

  refuse(error: Error): void {
    this.answer(this.held.map((target) => ({ target, error })));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

describe('KeyspaceSubscriber', () => {
  let topology: { isKnown: boolean; masters: ClusterNode[] };
  let masters: Master[];
  let calls: string[];
  let keys: KeyspaceSubscriber;
  beforeEach(() => {
    topology = { isKnown: true, masters: [nodeAt(1), nodeAt(2)] };
    masters = [];
    calls = [];
    const note = (call: string) => () => void calls.push(call);
    const listener: SubscriptionListener = {
      message: note('message'),
      confirmed: note('confirmed'),
      released: note('released'),
      denied: note('denied'),
      resumed: ({ reason }) => calls.push(`resumed after ${reason}`),
    };
    keys = new KeyspaceSubscriber(
      topology,
      listener,
      { changed: () => undefined },
      ({ host, port }, to, isAwaited) => {
        const master = new Master(`${host}:${port}`, to, isAwaited);
        masters.push(master);
        return master;
      },
    );
  });

  it('asks every master, and is there from the first that confirms to the last that lets go', async () => {
    const subscribed = keys.subscribe([EXPIRED]);
    expect(masters.map(({ key, isAwaited }) => [key, isAwaited])).toEqual([
      ['h:1', true],
      ['h:2', true],
    ]);
    masters[0]!.confirm();
    masters[1]!.confirm();
    expect(await subscribed).toEqual([{ target: EXPIRED }]);
    masters[0]!.listener.released([EXPIRED]);
    expect(calls).toEqual(['confirmed']);
    masters[1]!.listener.released([EXPIRED]);
    expect(calls).toEqual(['confirmed', 'released']);
  });

  it('is refused when one master refuses', async () => {
    const subscribed = keys.subscribe([EXPIRED]);
    const error = new Error('NOPERM');
    masters[0]!.confirm();
    masters[1]!.refuse(error);
    expect(await subscribed).toEqual([{ target: EXPIRED, error }]);
  });

  it('waits until the masters are known', async () => {
    topology.isKnown = false;
    const subscribed = keys.subscribe([EXPIRED]);
    expect(masters).toEqual([]);
    topology.isKnown = true;
    keys.follow();
    await Promise.resolve();
    for (const master of masters) master.confirm();
    expect(await subscribed).toEqual([{ target: EXPIRED }]);
    expect(masters).toHaveLength(2);
  });

  it('listens to a new master, tells what was missing of it, and leaves one that is none any more', async () => {
    const subscribed = keys.subscribe([EXPIRED]);
    for (const master of masters) master.confirm();
    await subscribed;
    topology.masters = [nodeAt(2), nodeAt(3)];
    keys.follow();
    expect(masters[0]!.isClosed).toBe(true);
    expect(masters[2]).toMatchObject({ key: 'h:3', isAwaited: false, held: [EXPIRED] });
    masters[2]!.confirm();
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual(['confirmed', 'resumed after connection-lost']);
    // A Cluster without masters is one that nobody knows anything of.
    topology.masters = [];
    keys.follow();
    expect(masters.map(({ isClosed }) => isClosed)).toEqual([true, false, false]);
  });

  it('is in the worst state that any master is in', async () => {
    const subscribed = keys.subscribe([EXPIRED]);
    for (const master of masters) master.confirm();
    await subscribed;
    expect(keys.subscriptions()).toEqual([{ target: EXPIRED, state: 'active' }]);
    expect(keys.isFullySubscribed).toBe(true);
    masters[1]!.isFullySubscribed = false;
    expect(keys.subscriptions()).toEqual([{ target: EXPIRED, state: 'lost' }]);
    expect([keys.isFullySubscribed, keys.reason]).toEqual([false, 'not yet']);
  });

  it('closes its connections when nothing is wanted any more', async () => {
    const subscribed = keys.subscribe([EXPIRED]);
    for (const master of masters) master.confirm();
    await subscribed;
    await keys.unsubscribe([EXPIRED]);
    expect(masters.every(({ isClosed }) => isClosed)).toBe(true);
    expect(calls).toEqual(['confirmed', 'released']);
    await keys.close();
    expect(keys.subscriptions()).toEqual([]);
  });
});
