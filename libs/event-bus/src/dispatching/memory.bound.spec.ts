import { heldBytes } from '../../../../test/faults/support/memory.js';
import { DispatchJournal } from '../../../../test/support/dispatch.journal.js';
import { eventually, settled } from '../../../../test/support/eventually.js';
import { defineEvent } from '../contracts/event.contract.js';
import { readTarget } from '../contracts/contract.target.js';
import type { StandardSchema } from '../contracts/standard.schema.js';
import { GapReporter } from '../gaps/gap.reporter.js';
import { SequenceTracker } from '../gaps/sequence.tracker.js';
import type { EventContext } from '../message/event-context.js';
import { cloudEvents } from '../message/cloud-events.codec.js';
import type { EventCodec } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';
import { toJsonSequence } from '../message/json-sequence.js';
import { json } from '../message/json.codec.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import { subscriptionPlan } from '../plan/subscription-plan.js';
import { EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { EventReceiver } from './event.receiver.js';
import type { HandlerOptions } from './handler.options.js';
import { resolveHandlerSettings } from './handler.options.js';

const MIB = 1024 * 1024;
const BUFFER_BYTES = 2 * MIB;
const NO_PREFIX = new ChannelPrefix('');
const ANY = { kind: 'pattern', name: '*' } as const;

/** An array of empty objects, 21 times as large in memory. */
const dense = (bytes: number) => `[${'{},'.repeat(Math.floor((bytes - 4) / 3))}{}]`;

/** What a bus does with what it receives, for one handler whose calls end when the test says so. */
class Scene {
  readonly journal = new DispatchJournal();
  readonly started: EventContext[] = [];
  readonly counts = { handled: 0, dropped: 0 };
  readonly dispatcher: EventDispatcher;
  readonly gaps: GapReporter;
  private readonly receiver: EventReceiver;
  private readonly plan = subscriptionPlan<EventHandler>();
  private ends: (() => void)[] = [];

  constructor(codec: EventCodec = json()) {
    this.gaps = new GapReporter(new SequenceTracker(), (gap) => void this.journal.gaps.push(gap));
    Object.assign(this.journal, {
      handled: () => void (this.counts.handled += 1),
      dropped: () => void (this.counts.dropped += 1),
      slowed: () => undefined,
      caughtUp: () => undefined,
    });
    this.dispatcher = new EventDispatcher({ ...this.journal.services(), gaps: this.gaps });
    const { dispatcher, journal: reporter, journal: deadLetters, gaps } = this;
    const settings = { bus: 'default', codec, prefix: NO_PREFIX, maxPayloadBytes: 16 * MIB };
    this.receiver = new EventReceiver(settings, this.plan, {
      dispatcher,
      reporter,
      deadLetters,
      gaps,
      brokerChannels: { readingOf: () => undefined },
    });
  }

  handle(
    name: string,
    options: HandlerOptions = {},
    target: HandlerTarget = parseTarget('*', NO_PREFIX),
    invoke?: EventHandler['invoke'],
  ): void {
    const handler: EventHandler = {
      name,
      targets: [target],
      settings: resolveHandlerSettings(options, { buffer: { bytes: BUFFER_BYTES } }),
      invoke:
        invoke ??
        ((event) => {
          this.started.push(event);
          return new Promise<void>((resolve) => this.ends.push(resolve));
        }),
    };
    this.plan.add([handler]);
    this.plan.confirm([target.subscription]);
    this.dispatcher.add(handler);
  }

  receive(channel: string, body: string | Buffer): void {
    this.receiver.receive({ through: ANY, channel, body: Buffer.from(body) });
  }

  get work() {
    return [...this.dispatcher.snapshot().values()].map(({ running, waiting }) => ({ running, waiting }));
  }

  /** Ends every call, and those that begin then. */
  async endAll(): Promise<void> {
    while (this.work.some(({ running }) => running > 0)) {
      for (const end of this.ends.splice(0)) end();
      await settled();
    }
  }
}

/** How much memory is held after `act`, and not before. */
async function growth(act: () => unknown): Promise<number> {
  const before = await heldNow();
  await act();
  return (await heldNow()) - before;
}

/** What buffers held is given back a little after the collection that found them. */
async function heldNow(): Promise<number> {
  for (let collections = 0; collections < 2; collections += 1) {
    await settled();
    heldBytes();
  }
  await settled();
  return heldBytes();
}

describe('what runs and waits', () => {
  const LIMIT = 4 * BUFFER_BYTES;

  it('would take many times its bytes if it were just decoded (control)', async () => {
    const held: unknown[] = [];
    const bytes = await growth(() => {
      for (let n = 0; n < 16; n += 1) held.push(JSON.parse(dense(BUFFER_BYTES / 16)));
    });
    expect(bytes).toBeGreaterThan(LIMIT);
    expect(held).toHaveLength(16);
  });

  it.each<[string, (n: number) => string, number, HandlerOptions]>([
    ['events of one channel', () => 'a', BUFFER_BYTES / 64, {}],
    ['events of many channels', (n) => `channel:${n}`, BUFFER_BYTES / 64, {}],
    ['small events of many channels', (n) => `channel:${n}`, 1_000, {}],
    ['small events of one channel', () => 'a', 1_000, {}],
    ['events without an order', () => 'a', BUFFER_BYTES / 64, { orderBy: 'none', concurrency: 10_000 }],
    [
      'events with a key of their own',
      () => 'a',
      BUFFER_BYTES / 64,
      { orderBy: ({ payload }) => String((payload as unknown[]).length) },
    ],
    [
      'events that are handled with care',
      (n) => `channel:${n}`,
      BUFFER_BYTES / 64,
      { retry: { attempts: 2 }, deadLetter: 'dead', timeoutMs: 1_000_000 },
    ],
    ['large events', (n) => `channel:${n}`, BUFFER_BYTES / 8, { buffer: { overflow: 'drop-newest' } }],
  ])('takes less than four times the bytes of its buffer: %s', async (_what, channelOf, size, options) => {
    const scene = new Scene();
    scene.handle('Stuck.handle', options);
    const body = dense(size);
    const count = Math.ceil((2 * BUFFER_BYTES) / size);
    const bytes = await growth(() => {
      for (let n = 0; n < count; n += 1) scene.receive(channelOf(n), body);
    });
    expect(bytes).toBeLessThan(LIMIT);
    expect(scene.work[0]?.running).toBeGreaterThan(0);
    expect(scene.work[0]?.waiting).toBeGreaterThan(0);
    await scene.endAll();
    expect(scene.counts.handled + scene.counts.dropped).toBe(count);
    expect(scene.started.every(({ payload }) => Array.isArray(payload))).toBe(true);
  });

  it('is bounded for each of several handlers of one event, and each gets all of it', async () => {
    const scene = new Scene();
    for (const name of ['One.handle', 'Two.handle', 'Three.handle']) scene.handle(name);
    const bytes = await growth(() => {
      for (let n = 0; n < 64; n += 1) scene.receive('a', dense(BUFFER_BYTES / 64));
    });
    expect(bytes).toBeLessThan(3 * LIMIT);
    await scene.endAll();
    expect(scene.counts).toEqual({ handled: 3 * 64, dropped: 0 });
  });

  it("is bounded with a contract whose schema's output is as large again", async () => {
    const schema: StandardSchema<unknown, unknown> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => ({ value: (value as unknown[]).map(() => ({})) }),
      },
    };
    const contract = defineEvent('a.<id>', schema);
    const scene = new Scene();
    const target = readTarget(contract, NO_PREFIX);
    scene.handle('Stuck.handle', {}, target);
    const bytes = await growth(() => {
      for (let n = 0; n < 64; n += 1) {
        const body = Buffer.from(dense(BUFFER_BYTES / 64));
        scene['receiver'].receive({ through: target.subscription, channel: `a.${n}`, body });
      }
    });
    expect(bytes).toBeLessThan(LIMIT);
    await scene.endAll();
    expect(scene.counts).toEqual({ handled: 64, dropped: 0 });
  });

  it('runs an event alone that is heavier than all that may run, and others after it', async () => {
    const scene = new Scene();
    scene.handle('Stuck.handle');
    scene.receive('a', dense(MIB));
    scene.receive('b', dense(MIB));
    scene.receive('c', '1');
    // A small one runs beside it.
    expect(scene.started.map(({ channel }) => channel)).toEqual(['a', 'c']);
    await scene.endAll();
    expect(scene.started.map(({ channel }) => channel)).toEqual(['a', 'c', 'b']);
  });

  it('lets no lighter event overtake one that waits for room, so that it comes to its turn', async () => {
    const scene = new Scene();
    scene.handle('Stuck.handle');
    const [heavy, half] = [dense(MIB), dense(BUFFER_BYTES / 21 / 3)];
    scene.receive('a', half);
    scene.receive('b', heavy);
    scene.receive('c', half);
    scene.receive('d', half);
    expect(scene.started.map(({ channel }) => channel)).toEqual(['a']);
    await scene.endAll();
    expect(scene.started.map(({ channel }) => channel)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('counts a call that ran out of its time until it ends', async () => {
    const scene = new Scene();
    scene.handle('Stuck.handle', { timeoutMs: 1 });
    scene.receive('a', dense(MIB));
    scene.receive('b', dense(MIB));
    await eventually(() => expect(scene.journal.errors).toHaveLength(1));
    expect(scene.started.map(({ channel }) => channel)).toEqual(['a']);
    await scene.endAll();
    expect(scene.started.map(({ channel }) => channel)).toEqual(['a', 'b']);
  });

  it('has its payload, metadata, key and number when its turn comes', async () => {
    const codec = cloudEvents({ source: '/x' });
    const scene = new Scene(codec);
    const keys: string[] = [];
    scene.handle('Stuck.handle', {
      orderBy: ({ metadata }) => {
        keys.push(String(metadata.id));
        return 'one';
      },
    });
    const payload = JSON.parse(dense(60_000)) as unknown;
    for (const sequence of [1, 2, 3, 7]) {
      const body = codec.encode(payload, 'a', { id: `e-${sequence}` });
      scene.receive('a', String(codec.stamp?.(body, { publisher: 'p', sequence })));
    }
    scene.gaps.flush();
    expect(scene.journal.gaps).toMatchObject([{ missed: 3 }]);
    expect(keys).toEqual(['e-1', 'e-2', 'e-3', 'e-7']);
    await scene.endAll();
    expect(scene.started.map(({ metadata }) => metadata.id)).toEqual(keys);
    for (const event of scene.started) expect(event.payload).toEqual(payload);
  });

  it('is decoded once where it does not wait, and where little waits', async () => {
    let decoded = 0;
    const codec = json();
    const counting: EventCodec = {
      ...codec,
      decode: (...args) => {
        decoded += 1;
        return codec.decode(...args);
      },
    };
    const scene = new Scene(counting);
    scene.handle('Quick.handle', {}, undefined, () => undefined);
    scene.receive('a', dense(MIB));
    expect(decoded).toBe(1);
    scene.handle('Stuck.handle');
    for (let n = 0; n < 1_000; n += 1) scene.receive('a', '{"id":7,"name":"small"}');
    await scene.endAll();
    expect(decoded).toBe(1_001);
  });

  it('goes to the dead letters as bytes where its codec does not read them a second time', async () => {
    const read = new Set<string>();
    const codec: EventCodec = {
      ...json(),
      decode: (body) => {
        const text = body.toString();
        if (read.has(text)) throw new Error('once');
        read.add(text);
        return { payload: text, metadata: NO_METADATA };
      },
    };
    const scene = new Scene(codec);
    scene.handle('Held.handle', { deadLetter: 'dead' });
    const [first, second] = [dense(BUFFER_BYTES / 4), dense(BUFFER_BYTES / 4 + 100)];
    scene.receive('a', first);
    scene.receive('a', second);
    await scene.endAll();
    expect(scene.journal.letters).toHaveLength(1);
    const { event } = scene.journal.letters[0]?.letter ?? {};
    expect(event).toMatchObject({ channel: 'a', bytes: second.length });
    expect(Buffer.from(event?.base64 ?? '', 'base64').toString()).toBe(second);
  });

  it('of a long frame keeps no part of its text', async () => {
    const scene = new Scene();
    scene.handle('Stuck.handle', { buffer: { events: 1_000 } });
    const frame = toJsonSequence(Array.from({ length: 400 }, () => dense(2_000)));
    const bytes = await growth(() => {
      for (let n = 0; n < 20; n += 1) scene.receive('a', frame);
    });
    expect(bytes).toBeLessThan(LIMIT);
    await scene.endAll();
    expect(scene.counts.handled).toBe(1_001);
  });
});
