import { collectionsOf } from '../../../../test/support/collections.js';
import fc from 'fast-check';
import type { WaitingEvent } from './waiting.events.js';
import { WaitingEvents } from './waiting.events.js';

/** Takes and gives back until nothing can start. */
function drain(waiting: WaitingEvents<string>): string[] {
  const taken: string[] = [];
  for (let next = waiting.take(); next !== undefined; next = waiting.take()) {
    taken.push(next.item);
    waiting.giveBack(next.key);
  }
  return taken;
}

describe('WaitingEvents', () => {
  it('hands out the items of one key one at a time, in the order they came', () => {
    const waiting = new WaitingEvents<string>();
    for (const item of ['a1', 'a2', 'a3']) waiting.add(item, 1, 'a');
    const first = waiting.take();
    expect(first?.item).toBe('a1');
    expect(waiting.take()).toBeUndefined();
    expect(waiting.isBusy('a')).toBe(true);
    waiting.giveBack(first?.key);
    expect(drain(waiting)).toEqual(['a2', 'a3']);
    expect([waiting.length, waiting.bytes, waiting.keyCount]).toEqual([0, 0, 0]);
  });

  it('hands out the items without a key as they came, beside each other', () => {
    const waiting = new WaitingEvents<string>();
    for (const item of ['1', '2', '3']) waiting.add(item, 1, undefined);
    expect([waiting.take()?.item, waiting.take()?.item, waiting.take()?.item]).toEqual(['1', '2', '3']);
    expect(waiting.isBusy(undefined)).toBe(false);
    expect(waiting.keyCount).toBe(0);
  });

  it('lets other keys take their turn before a busy key goes on', () => {
    const waiting = new WaitingEvents<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) waiting.add(item, 1, item[0]);
    expect(drain(waiting)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('keeps a key busy that was occupied from outside, until it is given back', () => {
    const waiting = new WaitingEvents<string>();
    waiting.occupy('a');
    expect(waiting.isBusy('a')).toBe(true);
    waiting.add('a1', 1, 'a');
    expect(waiting.take()).toBeUndefined();
    waiting.giveBack('a');
    expect(waiting.take()?.item).toBe('a1');
  });

  it('knows nothing of an item without a key once it is taken', () => {
    const waiting = new WaitingEvents<string>();
    waiting.occupy(undefined);
    waiting.giveBack(undefined);
    expect([waiting.keyCount, waiting.length]).toEqual([0, 0]);
  });

  it('drops what has waited longest, whatever its key', () => {
    const waiting = new WaitingEvents<string>();
    waiting.occupy('b');
    waiting.add('b1', 10, 'b');
    waiting.add('a1', 20, 'a');
    waiting.add('b2', 30, 'b');
    expect(waiting.dropOldest()?.item).toBe('b1');
    expect([waiting.length, waiting.bytes, waiting.keyCount]).toEqual([2, 50, 2]);
    expect(waiting.dropOldest()?.item).toBe('a1');
    expect([waiting.length, waiting.bytes, waiting.keyCount]).toEqual([1, 30, 1]);
    expect(waiting.take()).toBeUndefined();
    waiting.giveBack('b');
    expect(drain(waiting)).toEqual(['b2']);
    expect(waiting.dropOldest()).toBeUndefined();
  });

  it('starts a key anew whose items were all dropped', () => {
    const waiting = new WaitingEvents<string>();
    waiting.add('a1', 1, 'a');
    waiting.add('b1', 1, 'b');
    waiting.dropOldest();
    expect(waiting.isBusy('a')).toBe(false);
    waiting.add('a2', 1, 'a');
    expect(drain(waiting)).toEqual(['b1', 'a2']);
  });

  it('does what lists would do, for any order of calls', () => {
    const key = fc.constantFrom('a', 'b', 'c', undefined);
    const call: fc.Arbitrary<Call> = fc.oneof(
      fc.record({ call: fc.constant('add' as const), key, bytes: fc.nat(9) }),
      fc.record({ call: fc.constant('occupy' as const), key }),
      fc.record({ call: fc.constant('take' as const) }),
      fc.record({ call: fc.constant('giveBack' as const), which: fc.nat(20) }),
      fc.record({ call: fc.constant('dropOldest' as const) }),
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
        const seen = traceOf(new WaitingEvents<number>(), calls);
        expect(seen).toEqual(traceOf(new ListsOfWaiting(), calls));
      }),
      { numRuns: 500 },
    );
  });

  it('stays as small as what waits while 1,000,000 keys come and go and nothing can start', () => {
    const waiting = new WaitingEvents<number>();
    waiting.occupy('stuck');
    let largest = 0;
    for (let index = 0; index < 1_000_000; index += 1) {
      if (waiting.length === 1_000) waiting.dropOldest();
      waiting.add(index, 1, index % 2 === 0 ? `key ${index}` : undefined);
      if (index % 100_000 === 0)
        largest = Math.max(largest, ...collectionsOf(waiting).map(({ size }) => size));
    }
    expect([waiting.length, waiting.bytes]).toEqual([1_000, 1_000]);
    expect(waiting.keyCount).toBe(501);
    expect(largest).toBeLessThan(4_000);
    expect(waiting.take()?.item).toBe(999_000);
    waiting.giveBack('stuck');
  });
});

type Call =
  | { readonly call: 'add'; readonly key: string | undefined; readonly bytes: number }
  | { readonly call: 'occupy'; readonly key: string | undefined }
  | { readonly call: 'take' | 'dropOldest' }
  | { readonly call: 'giveBack'; readonly which: number };

/** What every call returned, and the sizes after it. */
function traceOf(waiting: Pick<WaitingEvents<number>, keyof ListsOfWaiting>, calls: readonly Call[]) {
  const busy: unknown[] = [];
  return calls.map((step, item) => {
    let outcome: unknown;
    if (step.call === 'add') waiting.add(item, step.bytes, step.key);
    if (step.call === 'occupy') {
      outcome = waiting.isBusy(step.key);
      if (outcome === false) {
        waiting.occupy(step.key);
        busy.push(step.key);
      }
    }
    if (step.call === 'take') {
      const taken = waiting.take();
      outcome = taken?.item;
      if (taken !== undefined) busy.push(taken.key);
    }
    if (step.call === 'giveBack' && busy.length > 0) {
      const [key] = busy.splice(step.which % busy.length, 1);
      waiting.giveBack(key);
    }
    if (step.call === 'dropOldest') outcome = waiting.dropOldest()?.item;
    return [outcome, waiting.length, waiting.bytes, waiting.keyCount];
  });
}

/** The same in lists, as slow as it is plain. */
class ListsOfWaiting {
  private items: { readonly item: number; readonly bytes: number; readonly key: string | undefined }[] = [];
  private readonly busy: string[] = [];
  /** Keys with something to start, in the order of their turns; each item without a key is a turn of its own. */
  private turns: (string | number)[] = [];

  get length(): number {
    return this.items.length;
  }

  get bytes(): number {
    return this.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get keyCount(): number {
    const keys = this.items.map(({ key }) => key).filter((key) => key !== undefined);
    return new Set([...keys, ...this.busy]).size;
  }

  isBusy(key: unknown): boolean {
    return this.busy.some((other) => other === key) || (key !== undefined && this.hasWaiting(key));
  }

  add(item: number, bytes: number, key: string | undefined): void {
    const mustWait = key !== undefined && this.isBusy(key);
    this.items.push({ item, bytes, key });
    if (!mustWait) this.turns.push(key ?? item);
  }

  occupy(key: string | undefined): void {
    if (key !== undefined) this.busy.push(key);
  }

  take(): WaitingEvent<number> | undefined {
    const turn = this.turns.shift();
    if (turn === undefined) return undefined;
    const index = this.items.findIndex(({ item, key }) => (key ?? item) === turn);
    const [taken] = this.items.splice(index, 1);
    this.occupy(taken?.key);
    return { item: taken?.item as number, weight: 0, key: taken?.key };
  }

  giveBack(key: string | undefined): void {
    if (key === undefined) return;
    this.busy.splice(this.busy.indexOf(key), 1);
    if (this.hasWaiting(key)) this.turns.push(key);
  }

  dropOldest(): WaitingEvent<number> | undefined {
    const dropped = this.items.shift();
    if (dropped === undefined) return undefined;
    const turn = dropped.key ?? dropped.item;
    if (dropped.key === undefined || !this.hasWaiting(dropped.key)) {
      this.turns = this.turns.filter((other) => other !== turn);
    }
    return { item: dropped.item, weight: 0, key: dropped.key };
  }

  private hasWaiting(wanted: unknown): boolean {
    return this.items.some(({ key }) => key === wanted);
  }
}
