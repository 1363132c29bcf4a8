import fc from 'fast-check';
import { checkedPlan } from '../../../../test/support/checked.plan.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { orderTargets, parseTarget } from '../routing/handler-target.js';
import { RedisGlob } from '../routing/redis-glob.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { Consumer, Route, SubscriptionPlan } from './subscription-plan.js';
import { subscriptionPlan } from './subscription-plan.js';

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
  readonly consumers: Consumer[] = [];
  readonly heard = new Map<Consumer, Map<string, number[]>>();
  /** Targets that were named in a gap. */
  readonly reported = new Set<string>();
  private commands: {
    readonly call: 'subscribe' | 'unsubscribe';
    readonly target: SubscriptionTarget;
  }[] = [];
  private stream: Sent[] = [];
  /** What the server holds. */
  private readonly held = new Map<string, SubscriptionTarget>();
  /** What the subscriber asks for again on a new link. */
  private readonly wanted = new Map<string, SubscriptionTarget>();
  /** What the subscriber has read the confirmation of. */
  private readonly delivering = new Map<string, SubscriptionTarget>();
  /** What was delivering on a link that died. */
  private readonly interrupted = new Map<string, SubscriptionTarget>();
  private readonly published = new Map<string, number>();
  /** What the plan said at this revision. */
  private readonly known = new Map<string, readonly Route<Consumer>[]>();
  private knownRevision = 0;

  constructor(
    readonly plan: SubscriptionPlan<Consumer>,
    private readonly denied: ReadonlySet<string> = new Set(),
  ) {}

  add(texts: readonly string[]): void {
    const targets = orderTargets(texts.map((text) => parseTarget(text, new ChannelPrefix(''))));
    const consumer = { targets };
    this.consumers.push(consumer);
    this.heard.set(consumer, new Map());
    this.plan.add([consumer]);
  }

  remove(index: number): void {
    const [consumer] = this.consumers.splice(index % Math.max(1, this.consumers.length), 1);
    if (consumer !== undefined) this.plan.remove(consumer);
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
    const { target } = item;
    if (item.call === 'confirmed') this.confirmed(target);
    else if (item.call === 'denied')
      this.plan.deny([target], this.interrupted.delete(target.name) ? 1 : undefined);
    else {
      this.delivering.delete(target.name);
      this.plan.release([target]);
      this.plan.left([target]);
    }
    return true;
  }

  /** The link dies with all that is on its way, and a new one asks for everything again. */
  drop(): void {
    const unanswered = this.commands.filter(({ call }) => call === 'unsubscribe');
    const unread = this.stream.filter(({ call }) => call === 'released');
    this.commands = [];
    this.stream = [];
    this.held.clear();
    const lost = [...this.delivering.values()];
    this.delivering.clear();
    for (const target of lost) if (this.wanted.has(target.name)) this.interrupted.set(target.name, target);
    this.plan.release(lost);
    this.plan.left([...unanswered, ...unread].map(({ target }) => target));
    for (const target of this.wanted.values()) this.commands.push({ call: 'subscribe', target });
  }

  settle(): void {
    do this.keep();
    while (this.serve() || this.read());
  }

  get heldNames(): readonly string[] {
    return [...this.held.keys()].toSorted();
  }

  private deliver(through: SubscriptionTarget, channel: string, number: number): void {
    for (const { consumer } of this.routesFor(through, channel)) {
      const heard = this.heard.get(consumer);
      heard?.set(channel, [...(heard.get(channel) ?? []), number]);
    }
  }

  /** What the plan has said at its present revision it says still. */
  private routesFor(through: SubscriptionTarget, channel: string): readonly Route<Consumer>[] {
    if (this.knownRevision !== this.plan.revision) this.known.clear();
    this.knownRevision = this.plan.revision;
    const key = `${through.kind} ${through.name} ${channel}`;
    const routes = this.plan.routesFor(through, channel);
    const known = this.known.get(key) ?? routes;
    this.known.set(key, known);
    expect(routes).toHaveLength(known.length);
    for (const [index, { consumer, target }] of routes.entries()) {
      expect(known[index]?.consumer).toBe(consumer);
      expect(known[index]?.target).toBe(target);
    }
    return known;
  }

  private confirmed(target: SubscriptionTarget): void {
    this.delivering.set(target.name, target);
    this.plan.confirm([target]);
    if (!this.interrupted.delete(target.name)) return;
    for (const text of this.plan.takeInterrupted([target])) this.reported.add(text);
  }

  /** The subscriber tells the server what follows of all that it has read. */
  keep(): void {
    const { subscribe, unsubscribe } = this.plan.changes();
    for (const target of subscribe) {
      this.wanted.set(target.name, target);
      this.commands.push({ call: 'subscribe', target });
    }
    for (const target of unsubscribe) {
      this.wanted.delete(target.name);
      this.interrupted.delete(target.name);
      this.commands.push({ call: 'unsubscribe', target });
    }
    for (const text of this.plan.takeMissed()?.texts ?? []) this.reported.add(text);
  }
}

type Does = 'add' | 'remove' | 'keep' | 'serve' | 'read' | 'publish' | 'drop';
type Step = readonly [does: Does, choice: number];
const OFTEN: readonly Does[] = [
  'add',
  'remove',
  ...Array<Does>(2).fill('keep'),
  ...Array<Does>(2).fill('serve'),
  ...Array<Does>(3).fill('read'),
  ...Array<Does>(3).fill('publish'),
];
const stepsOf = (...more: Does[]) =>
  fc.array(fc.tuple(fc.constantFrom(...OFTEN, ...more), fc.nat(1_000)), { minLength: 20, maxLength: 150 });
const denials = fc.subarray(['o:a', 'o:?', 'o:*', '*', '?:a', 'p', 'p*']).map((names) => new Set(names));

function play(world: World, steps: readonly Step[]): World {
  for (const [does, choice] of steps) {
    if (does === 'add') world.add(TARGETS[choice % TARGETS.length] as string[]);
    else if (does === 'publish') world.publish(CHANNELS[choice % CHANNELS.length] as string);
    else if (does === 'remove') world.remove(choice);
    else world[does]();
  }
  world.settle();
  return world;
}

/** What a consumer heard of a channel, where it is not one number after the other. */
function breaksOf(world: World, consumer: Consumer): readonly (readonly number[])[] {
  const runs = [...(world.heard.get(consumer)?.values() ?? [])];
  return runs.filter((run) => run.some((number, index) => index > 0 && number !== (run[index - 1] ?? 0) + 1));
}

function breaksIn(world: World): readonly (readonly number[])[] {
  return [...world.heard.keys()].flatMap((consumer) => breaksOf(world, consumer));
}

function repeatsIn(world: World): readonly (readonly number[])[] {
  const runs = [...world.heard.values()].flatMap((channels) => [...channels.values()]);
  return runs.filter((run) => run.some((number, index) => index > 0 && number <= (run[index - 1] ?? 0)));
}

/** Of those who are still there. */
function unreportedBreaksIn(world: World): readonly (readonly number[])[] {
  return world.consumers
    .filter(({ targets }) => !targets.some(({ text }) => world.reported.has(text)))
    .flatMap((consumer) => breaksOf(world, consumer));
}

function expectAllServed(world: World): void {
  const targets = world.consumers.flatMap((consumer) =>
    consumer.targets.map(({ subscription }) => subscription),
  );
  const needed = targets.flatMap((target) => world.plan.neededFor(target)?.name ?? []);
  expect(world.heldNames).toEqual([...new Set(needed)].toSorted());
  expect(targets.map((target) => world.plan.serverOf(target))).not.toContain(undefined);
}

describe.each([
  ['one subscription for targets that one covers', true],
  ['a subscription for each target', false],
])('a hand-over with %s', (_what, coalesce) => {
  const start = (denied?: ReadonlySet<string>) => new World(subscriptionPlan({ coalesce }), denied);
  /** Slow. */
  const startChecked = (denied?: ReadonlySet<string>) => new World(checkedPlan({ coalesce }), denied);

  it('costs nobody an event and gives nobody one twice, in whichever order things happen', () => {
    fc.assert(
      fc.property(stepsOf(), (steps) => {
        expect(breaksIn(play(start(), steps))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives nobody an event twice whose other target is served in the middle of one', () => {
    const world = start();
    for (const texts of [['o:a', 'o:?'], ['o:*'], ['*']]) {
      world.add(texts);
      world.keep();
    }
    // All of them are confirmed but the widest, and the event comes by both.
    for (let command = 0; command < (coalesce ? 2 : 3); command += 1) world.serve();
    world.publish('o:a');
    for (let item = 0; item < 3; item += 1) {
      world.read();
      world.keep();
    }
    world.remove(2);
    world.settle();
    world.publish('o:a');
    world.settle();
    expect(breaksIn(world)).toEqual([]);
    expect([...world.heard.values()].map((heard) => heard.get('o:a'))).toEqual([[1, 2], [1, 2], undefined]);
  });

  it('does neither where some are denied', () => {
    fc.assert(
      fc.property(denials, stepsOf(), (names, steps) => {
        expect(breaksIn(play(start(names), steps))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves in the end what is needed, and every consumer with what it asked for', () => {
    fc.assert(
      fc.property(stepsOf(), (steps) => expectAllServed(play(start(), steps))),
      { numRuns: 1_000 },
    );
  });

  it('leaves the same where links die, gives nobody an event twice, and names who may have missed one', () => {
    fc.assert(
      fc.property(stepsOf('drop'), (steps) => {
        const world = play(startChecked(), steps);
        expectAllServed(world);
        expect(repeatsIn(world)).toEqual([]);
        expect(unreportedBreaksIn(world)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('neither repeats an event nor forgets who missed one where links die and some are denied', () => {
    fc.assert(
      fc.property(denials, stepsOf('drop'), (names, steps) => {
        const world = play(startChecked(names), steps);
        expect(repeatsIn(world)).toEqual([]);
        expect(unreportedBreaksIn(world)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
