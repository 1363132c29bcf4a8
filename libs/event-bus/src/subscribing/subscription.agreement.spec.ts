import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { openPlan } from '../../../../test/support/checked.plan.js';
import { FakeConnection } from '../../../../test/support/fake.connection.js';
import { planProblems } from '../../../../test/support/plan.problems.js';
import type { Consumer } from '../plan/subscription-plan.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { orderTargets, parseTarget } from '../routing/handler-target.js';
import { RedisSubscriber } from '../transports/redis/redis.subscriber.js';
import { SubscriptionSync } from './subscription.sync.js';

const WANTS = [['o:a'], ['o:*'], ['*'], ['o:a', 'o:?'], ['o:<id>', 'p'], ['p*', 'o:b']];

const STEPS = {
  /** Somebody wants events. */
  add(world: World, choice: number): void {
    const texts = WANTS[choice % WANTS.length]!;
    const consumer = { targets: orderTargets(texts.map((text) => parseTarget(text, new ChannelPrefix('')))) };
    world.consumers.push(consumer);
    void world.sync.want([consumer]);
  },
  /** Somebody wants them no more. */
  remove({ consumers, sync }: World, choice: number): void {
    const [consumer] = consumers.splice(choice % Math.max(1, consumers.length), 1);
    if (consumer !== undefined) void sync.unwant(consumer);
  },
  /** The server does what it was asked next. */
  confirm({ connection }: World): void {
    connection.sent.shift()?.confirm();
  },
  /** It denies it. */
  deny({ connection }: World): void {
    connection.sent.shift()?.refuse('NOPERM');
  },
  /** It has lost a subscription, which it says when it is asked. */
  ping({ connection, subscriber }: World): void {
    if (!connection.isUp) return;
    subscriber.ping().catch(() => undefined);
    connection.sent.pop()?.confirm(0);
  },
  /** The link goes, and comes back. */
  drop({ connection, subscriber }: World): void {
    connection.sent.splice(0);
    connection.die(subscriber);
  },
  link({ connection, subscriber }: World): void {
    if (!connection.isUp) connection.comeBack(subscriber);
  },
};

/** A plan, a connection, and what keeps each as the other says. */
function open(coalesce: boolean) {
  const connection = new FakeConnection();
  const plan = openPlan({ coalesce });
  const listener = {
    message: () => undefined,
    confirmed: (targets: Parameters<typeof plan.confirm>[0]) => sync.confirmed(targets),
    released: (targets: Parameters<typeof plan.release>[0]) => sync.released(targets),
    denied: (targets: Parameters<typeof plan.deny>[0], sinceMs?: number) => sync.denied(targets, sinceMs),
    resumed: (interruption: Parameters<SubscriptionSync<Consumer>['resumed']>[0]) =>
      sync.resumed(interruption),
  };
  const subscriber = new RedisSubscriber(connection, listener, () => undefined);
  const sync: SubscriptionSync<Consumer> = new SubscriptionSync(plan, subscriber, {
    interrupted: () => undefined,
  });
  const consumers: Consumer[] = [];
  const disagreements = () => subscriber.disagreements({ states: () => plan.all() });
  return { connection, plan, subscriber, sync, consumers, disagreements };
}
type World = ReturnType<typeof open>;

const names = Object.keys(STEPS) as (keyof typeof STEPS)[];
const steps = fc.array(
  fc.tuple(fc.constantFrom(...names, 'add', 'confirm', 'confirm', 'link'), fc.nat(1_000)),
  {
    minLength: 10,
    maxLength: 60,
  },
);

describe('the plan, the table, the gate and the ledger', () => {
  it.each([true, false])('agree after every step, with coalesce: %s', async (coalesce) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const world = open(coalesce);
        for (const [name, choice] of all) {
          STEPS[name](world, choice);
          await turn();
          expect(world.disagreements()).toEqual([]);
          expect(planProblems(world.plan)).toEqual([]);
        }
        world.subscriber.close();
      }),
      { numRuns: 150 },
    );
  });

  it('do not agree when one of them was not told', async () => {
    const world = open(true);
    STEPS.add(world, 0);
    STEPS.confirm(world);
    await turn();
    expect(world.disagreements()).toEqual([]);
    world.plan.release([{ kind: 'channel', name: 'o:a' }]);
    expect(world.disagreements()).toEqual(['channel o:a is delivered, but not live in the plan']);
    world.subscriber.close();
  });
});
