import type { EventBusModuleOptions, EventBusObserver, EventCodec } from 'nestjs-redis-event-bus';
import { OnEvent, OnGap, defineEvent, json, memory } from 'nestjs-redis-event-bus';
import { EventBusRuntime } from '../../libs/event-bus/src/module/event-bus.runtime.js';
import { FACT_NAMES } from '../../libs/event-bus/src/observing/observer.registry.js';
import type { StandardSchema } from '../../libs/event-bus/src/contracts/standard.schema.js';
import { eventually } from '../support/eventually.js';
import { Inbox } from '../support/inbox.js';
import type { Oddity } from '../support/oddities.js';
import { ODDITIES, WAYS } from '../support/oddities.js';
import { startedApps } from '../support/started.apps.js';
import { untyped } from '../support/untyped.js';

const { start } = startedApps();

const MISBEHAVIOURS = WAYS.flatMap((way) =>
  ODDITIES.map((oddity: Oddity) => ({
    title: `${way.name} ${oddity.name}`,
    misbehave: () => way.do(oddity),
  })),
);

/** An application whose only handler puts into an inbox what it gets. */
async function listening(
  options: Omit<EventBusModuleOptions, 'transport'>,
  target: Parameters<typeof OnEvent>[0] = 'orders',
) {
  const got = new Inbox<unknown>();
  class Orders {
    @OnEvent(target)
    handle(payload: unknown): void {
      got.push(payload);
    }
  }
  return { got, ...(await startedWith([Orders], options)) };
}

async function startedWith(
  providers: never[] | unknown[],
  options: Omit<EventBusModuleOptions, 'transport'>,
) {
  const started = await start({ providers: providers.map(untyped) }, { ...options, transport: memory() });
  return { started };
}

describe.each(MISBEHAVIOURS)('Foreign code that $title', ({ misbehave }) => {
  it('as a codec fails its own event alone', async () => {
    const codec: EventCodec = {
      ...json(),
      encode: (payload, channel) =>
        (payload === 'encode' ? misbehave() : json().encode(payload, channel)) as string,
      decode: (body, channel) => {
        const decoded = json().decode(body, channel);
        return decoded.payload === 'decode' ? (misbehave() as typeof decoded) : decoded;
      },
    };
    const { got, started } = await listening({ codec });
    await expect(started.publisher.publish('orders', 'encode')).rejects.toThrow(/codec/);
    await started.publisher.publish('orders', 'decode');
    await started.publisher.publish('orders', 'fine');
    await eventually(() => expect(got.items.at(-1)).toBe('fine'));
  });

  it('as a codec that numbers its events fails its own alone', async () => {
    const codec: EventCodec = {
      ...json(),
      stamp: (body) => (body === '"stamp"' ? misbehave() : body) as string,
    };
    const { got, started } = await listening({ codec });
    await expect(started.publisher.publish('orders', 'stamp')).rejects.toThrow(/codec/);
    await started.publisher.publish('orders', 'fine');
    await eventually(() => expect(got.items).toEqual(['fine']));
    expect(started.gaps.items).toEqual([]);
  });

  it('as a schema rejects its own event alone', async () => {
    let isOdd = false;
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (isOdd ? misbehave() : { value }) as { value: unknown },
      },
    };
    const contract = defineEvent('orders', schema);
    const { got, started } = await listening({}, contract);
    isOdd = true;
    await started.publisher.publish('orders', 'odd');
    await eventually(() => expect(got.items.length + started.counters.rejected).toBe(1));
    isOdd = false;
    await started.publisher.publish(contract, 'fine');
    await eventually(() => expect(got.items.at(-1)).toBe('fine'));
  });

  it('as orderBy fails its own event alone', async () => {
    const orderBy = ({ payload }: { payload: unknown }) =>
      (payload === 'odd' ? misbehave() : 'key') as string;
    const { got, started } = await listening({ handlerDefaults: { orderBy } });
    await started.publisher.publish('orders', 'odd');
    await started.publisher.publish('orders', 'fine');
    await eventually(() => expect(got.items).toEqual(['fine']));
    expect(started.counters.failed).toBe(1);
  });

  it('in @OnGap is called for the next gap again', async () => {
    let calls = 0;
    class Reconciler {
      @OnGap()
      reconcile(): unknown {
        calls += 1;
        return misbehave();
      }
    }
    const { started } = await startedWith([Reconciler], {});
    const { gaps } = started.app.get(EventBusRuntime, { strict: false });
    const gap = { reason: 'connection-lost', targets: ['orders'], fromMs: 1, toMs: 2, missed: 0 } as const;
    for (const n of [1, 2]) {
      gaps.report(gap);
      await eventually(() => expect(calls).toBe(n));
      await started.app.get(EventBusRuntime, { strict: false }).gapHandlers.whenIdle();
    }
    expect(started.gaps.items).toHaveLength(2);
  });

  it('as a listener, or in a stream, leaves the next event to it', async () => {
    const got = new Inbox<unknown>();
    const { started } = await startedWith([], {});
    await started.subscriber.subscribe('orders', (payload) => {
      got.push(payload);
      return payload === 'odd' ? misbehave() : undefined;
    });
    await started.publisher.publish('orders', 'odd');
    await started.publisher.publish('orders', 'fine');
    await eventually(() => expect(got.items).toEqual(['odd', 'fine']));
  });

  it('as an observer changes nothing', async () => {
    const observer = Object.fromEntries(FACT_NAMES.map((name) => [name, misbehave])) as EventBusObserver;
    const handled = new Inbox<unknown>();
    class Orders {
      @OnEvent('sync')
      sync(payload: unknown): void {
        handled.push(payload);
      }
      @OnEvent('async')
      async async(payload: unknown): Promise<void> {
        handled.push(payload);
      }
    }
    const started = await start({ providers: [Orders] }, { transport: memory(), observers: [observer] });
    for (const n of [1, 2, 3]) {
      expect(await started.publisher.publish('sync', n)).toBe(1);
      expect(await started.publisher.publish('async', n)).toBe(1);
    }
    await eventually(() => expect(started.counters).toMatchObject({ handled: 6, failed: 0, published: 6 }));
    expect(handled.items).toEqual([1, 1, 2, 2, 3, 3]);
  });
});

describe('A subscriber of the status', () => {
  it('that throws in its teardown hides nothing from those behind it', async () => {
    const { started } = await startedWith([], {});
    const states: string[] = [];
    started.status.changes.subscribe().add(() => {
      throw new Error('the teardown is broken');
    });
    started.status.changes.subscribe({
      next: (state) => states.push(state),
      complete: () => states.push('end'),
    });
    await started.app.close();
    expect(states).toEqual(['ready', 'closed', 'end']);
    expect(started.lines('error')).toEqual([expect.stringContaining('listener="EventBusStatus"')]);
  });
});
