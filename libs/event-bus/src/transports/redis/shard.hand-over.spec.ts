import { setImmediate as turn } from 'node:timers/promises';
import { FakeConnection } from '../../../../../test/support/fake.connection.js';
import { keySlot } from '../../routing/key-slot.js';
import type { IncomingMessage } from '../../routing/incoming.message.js';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { TargetMap } from '../target.map.js';
import { RedisSubscriber } from './redis.subscriber.js';
import type { ShardRouting } from './shard.routing.js';
import { SubscriptionAnswers } from './subscription.answers.js';

const S: SubscriptionTarget = { kind: 'shard', name: 's' };

/** Two nodes of a Cluster, and what is told of the subscriptions on either. */
function cluster() {
  const calls: string[] = [];
  const confirmed = new TargetMap<true>();
  const displaced: string[] = [];
  const routing: ShardRouting = {
    answers: new SubscriptionAnswers(),
    slotOf: keySlot,
    displaced: (targets, refusal) =>
      displaced.push(`${targets.map(({ name }) => name).join(' ')} ${refusal}`),
  };
  const node = () => {
    const connection = new FakeConnection();
    const listener = {
      message: ({ channel, body }: IncomingMessage) =>
        void calls.push(`message ${channel} ${body.toString()}`),
      confirmed: (targets: readonly SubscriptionTarget[]) => {
        for (const target of targets) confirmed.set(target, true);
        calls.push('confirmed');
      },
      released: (targets: readonly SubscriptionTarget[]) => {
        for (const target of targets) confirmed.delete(target);
        calls.push('released');
      },
      denied: () => void calls.push('denied'),
      resumed: ({ reason }: { reason: string }) => void calls.push(`resumed after ${reason}`),
    };
    return { connection, subscriber: new RedisSubscriber(connection, listener, () => undefined, routing) };
  };
  const nodes = [node(), node()] as const;
  /** The plan hears of both nodes, so that it agrees with them when one of them delivers. */
  const agree = () => {
    expect(nodes.flatMap(({ subscriber }) => subscriber.disagreements())).toEqual([]);
    const open = nodes.filter(({ subscriber }) => subscriber.disagreements({ states: () => [] }).length > 0);
    expect(open.length).toBe(confirmed.size);
  };
  return { nodes, calls, displaced, agree };
}

describe('a shard channel that moves from one node to another', () => {
  it('is confirmed at the new one, as the end of an interruption that began at the old one', async () => {
    const { nodes, calls, agree } = cluster();
    const [from, to] = nodes;
    const subscribed = from.subscriber.subscribe([S]);
    from.connection.next().confirm();
    expect(await subscribed).toEqual([{ target: S }]);
    agree();

    const handed = from.subscriber.handOver([S, { kind: 'shard', name: 'unknown' }]);
    expect(handed.map(({ target, cause }) => [target.name, cause?.reason])).toEqual([
      ['s', 'subscription-lost'],
    ]);
    expect(from.connection.next().command).toBe('sunsubscribe s');
    from.connection.redis.emit('smessageBuffer', Buffer.from('s'), Buffer.from('late'));
    agree();

    to.subscriber.takeOver(handed);
    expect(to.subscriber.isFullySubscribed).toBe(false);
    agree();
    to.connection.next().confirm();
    to.connection.redis.emit('smessageBuffer', Buffer.from('s'), Buffer.from('1'));
    agree();
    expect(calls).toEqual([
      'confirmed',
      'released',
      'confirmed',
      'resumed after subscription-lost',
      'message s 1',
    ]);
    expect(to.subscriber.isFullySubscribed).toBe(true);
  });

  it('is no interruption when it has never been active', () => {
    const { nodes, calls, agree } = cluster();
    const [from, to] = nodes;
    void from.subscriber.subscribe([S]);
    const handed = from.subscriber.handOver([S]);
    expect(handed).toEqual([{ target: S, cause: undefined }]);
    to.subscriber.takeOver(handed);
    to.connection.next().confirm();
    agree();
    expect(calls).toEqual(['confirmed']);
  });

  it('is told to be displaced when the node refuses it or lets go of it, and stays wanted', async () => {
    const { nodes, calls, displaced, agree } = cluster();
    const [node] = nodes;
    void node.subscriber.subscribe([S]);
    node.connection.next().refuse('MOVED 1 127.0.0.1:1');
    await turn();
    expect(displaced).toEqual(['s MOVED 1 127.0.0.1:1']);
    node.subscriber.askAgain();
    node.connection.next().confirm();
    agree();
    node.subscriber.unsubscribedByServer('s');
    agree();
    expect(displaced.at(-1)).toBe('s undefined');
    expect(calls).toEqual(['confirmed', 'released']);
    expect(node.subscriber.subscriptions()).toEqual([{ target: S, state: 'lost' }]);
  });

  it.each(['MOVED 1 h:1', 'ASK 1 h:1', 'CLUSTERDOWN Hash slot not served'])(
    'is asked for again when the heartbeat is answered with %s',
    async (refusal) => {
      const { nodes, displaced } = cluster();
      const [node] = nodes;
      void node.subscriber.subscribe([S]);
      node.connection.next().confirm();
      void node.subscriber.ping();
      node.connection.next().confirm(0);
      node.connection.next().refuse(refusal);
      await turn();
      expect(node.connection.next().command).toBe('ssubscribe s');
      expect(node.subscriber.isFullySubscribed).toBe(false);
      expect(displaced).toEqual([]);
    },
  );

  it('stays as it is when the heartbeat is told that the Cluster is down', async () => {
    const { nodes } = cluster();
    const [node] = nodes;
    void node.subscriber.subscribe([S]);
    node.connection.next().confirm();
    void node.subscriber.ping();
    node.connection.next().confirm(0);
    node.connection.next().refuse('CLUSTERDOWN The cluster is down');
    await turn();
    expect(node.connection.sent).toEqual([]);
    expect(node.subscriber.isFullySubscribed).toBe(true);
  });
});
