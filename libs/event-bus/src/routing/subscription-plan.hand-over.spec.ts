import fc from 'fast-check';
import { ChannelPrefix } from './channel-prefix.js';
import { orderTargets, parseTarget } from './event-target.js';
import { RedisGlob } from './redis-glob.js';
import type { Consumer } from './subscription-plan.js';
import { SubscriptionPlan } from './subscription-plan.js';
import type { SubscriptionTarget } from './subscription-target.js';

const CHANNELS = ['o:a', 'o:b', 'p'];
const TARGETS = [
  ['o:a'],
  ['o:?'],
  ['o:*'],
  ['*'],
  ['?:a'],
  ['o:a', 'o:?'],
  ['o:<id>', '*:a'],
  ['p', 'o:*'],
  ['p*', 'o:b', '*'],
];

/** One item of what a server sends on one connection. */
type Sent =
  | { readonly call: 'confirmed' | 'released' | 'denied'; readonly target: SubscriptionTarget }
  | {
      readonly call: 'message';
      readonly target: SubscriptionTarget;
      readonly channel: string;
      readonly number: number;
    };

/** A server with one subscriber, which answers in order, and the subscriber, which reads whenever it is told to. */
class World {
  readonly plan = new SubscriptionPlan();
  readonly consumers: Consumer[] = [];
  readonly heard = new Map<Consumer, Map<string, number[]>>();
  private readonly commands: {
    readonly call: 'subscribe' | 'unsubscribe';
    readonly target: SubscriptionTarget;
  }[] = [];
  private readonly stream: Sent[] = [];
  private readonly held = new Map<string, SubscriptionTarget>();
  private readonly published = new Map<string, number>();

  constructor(private readonly denied: ReadonlySet<string>) {}

  add(texts: readonly string[]): void {
    const targets = orderTargets(texts.map((text) => parseTarget(text, new ChannelPrefix(''))));
    const consumer = { targets };
    this.consumers.push(consumer);
    this.heard.set(consumer, new Map());
    this.plan.add([consumer]);
    this.tell();
  }

  remove(index: number): void {
    const [consumer] = this.consumers.splice(index % Math.max(1, this.consumers.length), 1);
    if (consumer !== undefined) this.plan.remove(consumer);
    this.tell();
  }

  /** The server deals with the next command. */
  serve(): boolean {
    const command = this.commands.shift();
    if (command === undefined) return false;
    const { call, target } = command;
    if (call === 'unsubscribe') this.held.delete(target.name);
    else if (!this.denied.has(target.name)) this.held.set(target.name, target);
    const isDenied = call === 'subscribe' && this.denied.has(target.name);
    this.stream.push({
      call: isDenied ? 'denied' : call === 'subscribe' ? 'confirmed' : 'released',
      target,
    });
    return true;
  }

  /** One delivery for each subscription that matches. */
  publish(channel: string): void {
    const number = (this.published.get(channel) ?? 0) + 1;
    this.published.set(channel, number);
    for (const target of this.held.values()) {
      const isMatch =
        target.kind === 'pattern' ? new RedisGlob(target.name).matches(channel) : target.name === channel;
      if (isMatch) this.stream.push({ call: 'message', target, channel, number });
    }
  }

  /** The subscriber reads the next item. */
  read(): boolean {
    const item = this.stream.shift();
    if (item === undefined) return false;
    if (item.call === 'message') {
      this.deliver(item.target, item.channel, item.number);
      return true;
    }
    const targets = [item.target];
    if (item.call === 'confirmed') this.plan.confirm(targets);
    else if (item.call === 'denied') this.plan.deny(targets);
    else {
      this.plan.release(targets);
      this.plan.left(targets);
    }
    this.tell();
    return true;
  }

  settle(): void {
    while (this.serve() || this.read());
  }

  get heldNames(): readonly string[] {
    return [...this.held.keys()].toSorted();
  }

  private deliver(through: SubscriptionTarget, channel: string, number: number): void {
    for (const { consumer } of this.plan.routesFor(through, channel)) {
      const heard = this.heard.get(consumer);
      heard?.set(channel, [...(heard.get(channel) ?? []), number]);
    }
  }

  private tell(): void {
    const { subscribe, unsubscribe } = this.plan.changes();
    for (const target of subscribe) this.commands.push({ call: 'subscribe', target });
    for (const target of unsubscribe) this.commands.push({ call: 'unsubscribe', target });
  }
}

type Step = readonly [does: 'add' | 'remove' | 'serve' | 'read' | 'publish', choice: number];
const step = fc.tuple(
  fc.constantFrom<Step[0]>(
    'add',
    'remove',
    'serve',
    'serve',
    'read',
    'read',
    'read',
    'publish',
    'publish',
    'publish',
  ),
  fc.nat(1_000),
);

function play(world: World, steps: readonly Step[]): void {
  for (const [does, choice] of steps) {
    if (does === 'add') world.add(TARGETS[choice % TARGETS.length] as string[]);
    else if (does === 'publish') world.publish(CHANNELS[choice % CHANNELS.length] as string);
    else if (does === 'remove') world.remove(choice);
    else world[does]();
  }
}

/** What somebody heard of a channel, where it is not one number after the other. */
function breaksIn(world: World): readonly (readonly number[])[] {
  const runs = [...world.heard.values()].flatMap((channels) => [...channels.values()]);
  return runs.filter((run) => run.some((number, index) => index > 0 && number !== (run[index - 1] ?? 0) + 1));
}

describe('a hand-over between subscriptions', () => {
  it('costs nobody an event and gives nobody one twice, in whichever order things happen', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const world = new World(new Set());
        play(world, steps);
        world.settle();
        expect(breaksIn(world)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives nobody an event twice whose other target is served in the middle of one', () => {
    const world = new World(new Set());
    world.add(['o:a', 'o:?']);
    world.add(['o:*']);
    world.add(['*']);
    // All of them are confirmed but the widest, and the event comes by both.
    for (let command = 0; command < 2; command += 1) world.serve();
    world.publish('o:a');
    for (let item = 0; item < 3; item += 1) world.read();
    world.remove(2);
    world.settle();
    world.publish('o:a');
    world.settle();
    expect(breaksIn(world)).toEqual([]);
    expect([...world.heard.values()].map((heard) => heard.get('o:a'))).toEqual([[1, 2], [1, 2], undefined]);
  });

  it('does neither where some are denied', () => {
    const denied = fc.subarray(['o:a', 'o:?', 'o:*', '*', '?:a', 'p', 'p*']).map((names) => new Set(names));
    fc.assert(
      fc.property(denied, fc.array(step, { minLength: 20, maxLength: 150 }), (names, steps) => {
        const world = new World(names);
        play(world, steps);
        world.settle();
        expect(breaksIn(world)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves in the end what is needed, and every consumer with what it asked for', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const world = new World(new Set());
        play(world, steps);
        world.settle();
        const needed = world.consumers.flatMap(({ targets }) =>
          targets.flatMap(({ subscription }) => world.plan.neededFor(subscription)?.name ?? []),
        );
        expect(world.heldNames).toEqual([...new Set(needed)].toSorted());
        const served = world.consumers.flatMap(({ targets }) =>
          targets.map((target) => world.plan.serverOf(target.subscription)),
        );
        expect(served).not.toContain(undefined);
      }),
      { numRuns: 1_000 },
    );
  });
});
