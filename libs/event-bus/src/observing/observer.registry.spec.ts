import { jest } from '@jest/globals';
import { Inbox } from '../../../../test/support/inbox.js';
import { settled } from '../../../../test/support/eventually.js';
import { ODDITIES, WAYS } from '../../../../test/support/oddities.js';
import { untyped } from '../../../../test/support/untyped.js';
import { reasonOf } from '../foreign.js';
import type { EventBusObserver } from './event-bus.observer.js';
import type { NoticedFact } from './bus.facts.js';
import { FACT_NAMES, ObserverRegistry, observerProblem } from './observer.registry.js';

class Log implements EventBusObserver {
  readonly failures = new Inbox<string>();
  readonly warned = jest.fn<() => void>();

  observerFailed(observer: string, method: string, error: unknown, unlogged: number): void {
    this.failures.push(`${observer}.${method} ${reasonOf(error)} ${unlogged}`);
  }
}

const fact: NoticedFact = { bus: 'default', sentence: 'The disk is full.', fields: {} };

describe('ObserverRegistry', () => {
  let log: Log;
  let registry: ObserverRegistry;

  beforeEach(() => {
    log = new Log();
    registry = new ObserverRegistry(log);
  });

  it('takes the facts that an observer takes, for as long as it is there', () => {
    expect(registry.takes).toMatchObject({ warned: true, handled: false, published: false });
    const remove = registry.add({ handled: () => undefined });
    expect(registry.takes).toMatchObject({ warned: true, handled: true, published: false });
    remove();
    remove();
    expect(registry.takes).toMatchObject({ warned: true, handled: false, published: false });
  });

  it('measures calls only for those who take them, which the log does not', () => {
    expect(registry.timesCalls).toBe(false);
    registry.add({ gap: () => undefined });
    expect(registry.timesCalls).toBe(false);
    const remove = registry.add({ failed: () => undefined });
    expect(registry.timesCalls).toBe(true);
    remove();
    expect(registry.timesCalls).toBe(false);
  });

  it('tells each observer once of the bus: when that is complete, or when the observer is added later', () => {
    const told: string[] = [];
    registry.add({ attached: ({ bus }) => void told.push(`first ${bus}`) });
    expect(told).toEqual([]);
    registry.attach(untyped({ bus: 'audit' }));
    registry.add({ attached: ({ bus }) => void told.push(`second ${bus}`) });
    expect(told).toEqual(['first audit', 'second audit']);
  });

  it('adds an observer that fails when it is told of the bus, and logs it', () => {
    registry.attach(untyped({ bus: 'audit' }));
    const failing = {
      attached() {
        throw new Error('no place');
      },
      handled: () => undefined,
    };
    registry.add(failing);
    expect(registry.takes.handled).toBe(true);
    expect(log.failures.items).toEqual(['Object.attached no place 0']);
  });

  it('tells observers in the order in which they were added, and the log last', () => {
    const told: string[] = [];
    log.warned.mockImplementation(() => void told.push('log'));
    for (const name of ['first', 'second']) registry.add({ warned: () => void told.push(name) });
    registry.tell('warned', fact);
    expect(told).toEqual(['first', 'second', 'log']);
  });

  it('tells each the same, whatever another writes into the fact', () => {
    const told: unknown[] = [];
    registry.add({
      warned: (own) => {
        Object.assign(own, { bus: 'another' });
      },
    });
    registry.add({ warned: ({ bus }) => void told.push(bus) });
    registry.tell('warned', { ...fact });
    expect(told).toEqual(['default']);
    expect(log.failures.items).toEqual([expect.stringContaining('Object.warned')]);
  });

  it('tells everybody who was there when it began, also where one removes another', () => {
    const told: string[] = [];
    registry.add({
      warned: () => {
        told.push('first');
        removeSecond();
      },
    });
    const removeSecond = registry.add({ warned: () => void told.push('second') });
    registry.tell('warned', fact);
    registry.tell('warned', fact);
    expect(told).toEqual(['first', 'second', 'first']);
  });

  it('finds the methods of a class, and calls them on their object', () => {
    class Counter {
      count = 0;
      warned() {
        this.count += 1;
      }
    }
    const counter = new Counter();
    registry.add(counter);
    registry.tell('warned', fact);
    expect(counter.count).toBe(1);
  });

  describe.each(WAYS.flatMap((way) => ODDITIES.map((oddity) => ({ way, oddity }))))(
    'with an observer that $way.name $oddity.name',
    ({ way, oddity }) => {
      it('tells the others of each fact all the same', async () => {
        const others = jest.fn();
        for (const name of FACT_NAMES) {
          registry.add({ [name]: () => way.do(oddity) } as EventBusObserver);
          registry.add({ [name]: others } as EventBusObserver);
          for (let n = 0; n < 3; n += 1) registry.tell(name, fact);
        }
        await settled();
        expect(others).toHaveBeenCalledTimes(3 * FACT_NAMES.length);
      });
    },
  );

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('logs once a minute that an observer %s, whichever fact it was, and keeps it', async (_how, fail) => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    class Broken {
      warned = fail as () => void;
      noted = fail as () => void;
    }
    const calls = jest.fn<() => void>();
    const broken = new Broken();
    registry.add(broken);
    registry.add({ warned: calls, noted: calls });
    for (const name of ['noted', 'warned', 'noted'] as const) registry.tell(name, fact);
    await settled();
    now.mockReturnValue(60_000);
    registry.tell('warned', fact);
    await settled();
    now.mockRestore();
    expect(log.failures.items).toEqual(['Broken.noted broken 0', 'Broken.warned broken 2']);
    expect(calls).toHaveBeenCalledTimes(4);
  });

  it('logs the failures of one observer beside those of another', () => {
    const fail = () => {
      throw new Error('broken');
    };
    for (const _ of [1, 2]) registry.add({ warned: fail });
    registry.tell('warned', fact);
    registry.tell('warned', fact);
    expect(log.failures.items).toEqual(['Object.warned broken 0', 'Object.warned broken 0']);
  });
});

describe('observerProblem', () => {
  it.each([[{ handled: () => undefined }], [{ aroundPublish: () => undefined }]])('takes %p', (observer) => {
    expect(observerProblem(observer)).toBeUndefined();
  });

  it.each([[undefined], [null], ['handled'], [{}], [{ onHandled: () => undefined }], [{ handled: true }]])(
    'refuses %p, and names the methods that there are',
    (observer) => {
      expect(observerProblem(observer)).toMatch(
        /^must be an object with .*: published, .*aroundTransport\.$/,
      );
    },
  );
});
