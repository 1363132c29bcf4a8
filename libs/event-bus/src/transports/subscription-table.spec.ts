import type { SubscriptionKind, SubscriptionTarget } from '../routing/subscription-target.js';
import type { SubscriptionRequest } from './subscription-table.js';
import { SubscriptionTable } from './subscription-table.js';

const channel = (name: string): SubscriptionTarget => ({ kind: 'channel', name });
const pattern = (name: string): SubscriptionTarget => ({ kind: 'pattern', name });
const shard = (name: string): SubscriptionTarget => ({ kind: 'shard', name });

const [a, b, c] = [channel('a'), channel('b'), channel('c')];

/** A table that wants these. */
function tableOf(...targets: SubscriptionTarget[]): SubscriptionTable {
  const table = new SubscriptionTable();
  for (const target of targets) table.hold(target);
  return table;
}

function ask(table: SubscriptionTable, max = 100): SubscriptionRequest {
  const request = table.request(max);
  if (request === undefined) throw new Error('Nothing waits for a link.');
  return request;
}

function askAll(table: SubscriptionTable, max = 100): SubscriptionRequest[] {
  const requests: SubscriptionRequest[] = [];
  for (let next = table.request(max); next !== undefined; next = table.request(max)) requests.push(next);
  return requests;
}

/** A table in which the broker has confirmed these. */
function activeTable(...targets: SubscriptionTarget[]): SubscriptionTable {
  const table = tableOf(...targets);
  for (const request of askAll(table)) table.confirm(request);
  return table;
}

/** A table in which the broker has denied the target. */
function deniedTable(target: SubscriptionTarget, reason = 'NOPERM'): SubscriptionTable {
  const table = tableOf(target);
  table.refuse(ask(table), reason);
  return table;
}

const statesOf = (table: SubscriptionTable) =>
  table.list().map(({ target, state }) => `${target.kind} ${target.name} ${state}`);

describe('SubscriptionTable', () => {
  describe('holding', () => {
    it('wants what it is given, once', () => {
      const table = new SubscriptionTable();
      expect(table.hold(a)).toBe(true);
      expect(table.hold({ ...a })).toBe(false);
      expect(table.stateOf(a)).toBe('wanted');
      expect(statesOf(table)).toEqual(['channel a wanted']);
    });

    it('knows nothing of what it was not given', () => {
      const table = tableOf(a);
      expect(table.stateOf(b)).toBeUndefined();
      expect(table.stateOf(pattern('a'))).toBeUndefined();
    });

    it('keeps the kinds of one name apart', () => {
      const table = activeTable(channel('x'), pattern('x'), shard('x'));
      expect(statesOf(table)).toEqual(['channel x active', 'pattern x active', 'shard x active']);
      table.drop(pattern('x'));
      expect(statesOf(table)).toEqual(['channel x active', 'shard x active']);
    });

    it.each<SubscriptionKind>(['channel', 'pattern', 'shard'])('takes any name for a %s', (kind) => {
      const names = [
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        '',
        ' ',
        'a:b',
        'channel:a',
        'é💥',
        '\n',
      ];
      const targets = names.map((name) => ({ kind, name }));
      const table = activeTable(...targets);
      expect(table.list()).toEqual(targets.map((target) => ({ target, state: 'active' })));
      expect(table.lose()).toEqual(targets);
      expect(ask(table).targets).toEqual(targets);
    });

    it('starts whole and with nothing to ask for', () => {
      const table = new SubscriptionTable();
      expect(table.isFullySubscribed).toBe(true);
      expect(table.request(1)).toBeUndefined();
      expect(table.list()).toEqual([]);
      expect(table.lose()).toEqual([]);
    });
  });

  describe('asking', () => {
    it('asks for one kind at a time, in the order they were held', () => {
      const table = tableOf(pattern('p'), shard('s'), b, pattern('q'), a);
      expect(askAll(table)).toEqual([
        { kind: 'channel', targets: [b, a] },
        { kind: 'pattern', targets: [pattern('p'), pattern('q')] },
        { kind: 'shard', targets: [shard('s')] },
      ]);
    });

    it('asks in chunks of at most the given size', () => {
      const channels = Array.from({ length: 7 }, (_, n) => channel(`c${n}`));
      const patterns = Array.from({ length: 3 }, (_, n) => pattern(`p${n}`));
      const requests = askAll(tableOf(...channels, ...patterns), 3);
      expect(requests.map(({ kind, targets }) => [kind, targets.length])).toEqual([
        ['channel', 3],
        ['channel', 3],
        ['channel', 1],
        ['pattern', 3],
      ]);
      expect(requests.flatMap(({ targets }) => targets)).toEqual([...channels, ...patterns]);
    });

    it('does not ask again while an answer is due, nor after it', () => {
      const table = tableOf(a);
      const request = ask(table);
      expect(table.stateOf(a)).toBe('pending');
      expect(table.request(100)).toBeUndefined();
      table.confirm(request);
      expect(table.request(100)).toBeUndefined();
    });

    it('asks for what was held meanwhile, and for nothing else', () => {
      const table = tableOf(a);
      ask(table);
      table.hold(b);
      expect(ask(table).targets).toEqual([b]);
    });
  });

  describe('confirming', () => {
    it('makes the targets of the request active, and returns them', () => {
      const table = tableOf(a, b, c);
      expect(table.confirm(ask(table, 2))).toEqual([a, b]);
      expect(statesOf(table)).toEqual(['channel a active', 'channel b active', 'channel c wanted']);
    });

    it('counts one confirmation once', () => {
      const table = tableOf(a);
      const request = ask(table);
      expect(table.confirm(request)).toEqual([a]);
      expect(table.confirm(request)).toEqual([]);
      expect(table.stateOf(a)).toBe('active');
    });

    it('answers only for what is still held', () => {
      const table = tableOf(a, b);
      const request = ask(table);
      table.drop(a);
      expect(table.confirm(request)).toEqual([b]);
      expect(table.stateOf(a)).toBeUndefined();
    });

    it('takes the old confirmation for nothing when the target was dropped and held again', () => {
      const table = tableOf(a);
      const old = ask(table);
      table.drop(a);
      table.hold(a);
      expect(table.confirm(old)).toEqual([]);
      expect(table.stateOf(a)).toBe('wanted');
      const fresh = ask(table);
      expect(table.confirm(old)).toEqual([]);
      expect(table.stateOf(a)).toBe('pending');
      expect(table.confirm(fresh)).toEqual([a]);
    });

    it('takes a confirmation of the lost link for nothing', () => {
      const table = tableOf(a);
      const old = ask(table);
      table.lose();
      expect(table.confirm(old)).toEqual([]);
      const fresh = ask(table);
      expect(table.confirm(old)).toEqual([]);
      expect(table.stateOf(a)).toBe('pending');
      expect(table.confirm(fresh)).toEqual([a]);
    });
  });

  describe('refusing', () => {
    it('denies a single target, with the reason', () => {
      const table = tableOf(a);
      expect(table.refuse(ask(table), 'NOPERM a')).toEqual([]);
      expect(table.list()).toEqual([{ target: a, state: 'denied', reason: 'NOPERM a' }]);
      expect(table.request(100)).toBeUndefined();
    });

    it('asks for several one by one, so that only the refused one is denied', () => {
      const table = tableOf(a, b, c);
      const singles = table.refuse(ask(table), 'NOPERM');
      expect(singles).toEqual([a, b, c].map((target) => ({ kind: 'channel', targets: [target] })));
      expect(table.list().map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
      expect(table.request(100)).toBeUndefined();

      expect(table.confirm(singles[0]!)).toEqual([a]);
      expect(table.refuse(singles[1]!, 'NOPERM b')).toEqual([]);
      expect(table.confirm(singles[2]!)).toEqual([c]);
      expect(table.list()).toEqual([
        { target: a, state: 'active' },
        { target: b, state: 'denied', reason: 'NOPERM b' },
        { target: c, state: 'active' },
      ]);
    });

    it('does not ask one by one for what is held no more', () => {
      const table = tableOf(a, b);
      const request = ask(table);
      table.drop(a);
      expect(table.refuse(request, 'NOPERM')).toEqual([{ kind: 'channel', targets: [b] }]);
    });

    it('takes an old refusal for nothing', () => {
      const table = tableOf(a);
      const old = ask(table);
      table.drop(a);
      table.hold(a);
      const fresh = ask(table);
      expect(table.refuse(old, 'NOPERM')).toEqual([]);
      expect(table.stateOf(a)).toBe('pending');
      expect(table.confirm(fresh)).toEqual([a]);
      expect(table.refuse(old, 'NOPERM')).toEqual([]);
      expect(table.stateOf(a)).toBe('active');
    });

    it('takes a refusal of the lost link for nothing', () => {
      const table = tableOf(a, b);
      const old = ask(table);
      table.lose();
      expect(table.refuse(old, 'NOPERM')).toEqual([]);
      expect(ask(table).targets).toEqual([a, b]);
    });

    it('forgets the reason when it asks again', () => {
      const table = deniedTable(a);
      table.retryDenied();
      ask(table);
      expect(table.list()).toEqual([{ target: a, state: 'pending' }]);
    });
  });

  describe('telling what is denied', () => {
    it('gives the reason of the one that is denied for longest, as long as any is', () => {
      const table = tableOf(a, b, c);
      expect(table.denial).toBeUndefined();
      const [first, second] = table.refuse(ask(table), 'NOPERM');
      table.refuse(second!, 'NOPERM b');
      table.refuse(first!, 'NOPERM a');
      expect(table.denial).toBe('NOPERM b');
      table.drop(b);
      expect(table.denial).toBe('NOPERM a');
      table.lose();
      expect(table.denial).toBeUndefined();
    });
  });

  describe('trying denied ones again', () => {
    it('wants a denied target again when somebody asks for it', () => {
      const table = deniedTable(a);
      expect(table.hold(a)).toBe(false);
      table.retry(a);
      expect(table.stateOf(a)).toBe('wanted');
      expect(table.confirm(ask(table))).toEqual([a]);
    });

    it('leaves everything else as it is when asked to try again', () => {
      const table = activeTable(a);
      table.hold(b);
      ask(table);
      table.retry(a);
      table.retry(b);
      table.retry(c);
      table.retryDenied();
      expect(statesOf(table)).toEqual(['channel a active', 'channel b pending']);
      expect(table.request(100)).toBeUndefined();
    });

    it('wants every denied target again, together', () => {
      const table = tableOf(a, b, c);
      const [first, second, third] = table.refuse(ask(table), 'NOPERM');
      table.refuse(first!, 'NOPERM');
      table.refuse(second!, 'NOPERM');
      table.confirm(third!);
      table.retryDenied();
      expect(askAll(table)).toEqual([{ kind: 'channel', targets: [a, b] }]);
    });
  });

  describe('dropping', () => {
    it('has the broker told of what it may deliver, and only of that', () => {
      expect(activeTable(a).drop(a)).toBe(true);
      const pending = tableOf(a);
      ask(pending);
      expect(pending.drop(a)).toBe(true);

      expect(tableOf(a).drop(a)).toBe(false);
      expect(deniedTable(a).drop(a)).toBe(false);
      const lost = activeTable(a);
      lost.lose();
      expect(lost.drop(a)).toBe(false);
      expect(lost.drop(b)).toBe(false);
    });

    it('forgets what it dropped', () => {
      const table = activeTable(a);
      table.drop(a);
      expect(table.drop(a)).toBe(false);
      expect(table.list()).toEqual([]);
      expect(table.request(100)).toBeUndefined();
      table.lose();
      expect(table.request(100)).toBeUndefined();
    });

    it('starts over with what is held again', () => {
      const table = deniedTable(a, 'NOPERM');
      table.drop(a);
      expect(table.hold(a)).toBe(true);
      expect(table.list()).toEqual([{ target: a, state: 'wanted' }]);
      expect(table.isFullySubscribed).toBe(true);
    });
  });

  describe('losing the link', () => {
    it('returns what was active, and nothing else', () => {
      const table = activeTable(a, pattern('p'));
      table.hold(b);
      ask(table);
      table.hold(c);
      expect(table.lose()).toEqual([a, pattern('p')]);
      expect(statesOf(table)).toEqual([
        'channel a lost',
        'pattern p lost',
        'channel b wanted',
        'channel c wanted',
      ]);
    });

    it('asks for everything on the next link: lost, pending, wanted and denied', () => {
      const table = activeTable(a);
      table.hold(b);
      const [refused] = askAll(table);
      table.refuse(refused!, 'NOPERM');
      table.hold(c);
      ask(table);
      table.hold(channel('d'));
      table.lose();
      expect(ask(table).targets).toEqual([a, b, c, channel('d')]);
    });

    it('keeps what was lost lost when the link is lost again', () => {
      const table = activeTable(a);
      table.lose();
      expect(table.lose()).toEqual([]);
      expect(table.stateOf(a)).toBe('lost');
      ask(table);
      expect(table.lose()).toEqual([]);
      expect(ask(table).targets).toEqual([a]);
    });
  });

  describe('being whole', () => {
    it('stays whole while a new target waits for its first answer', () => {
      const table = activeTable(a);
      table.hold(b);
      expect(table.isFullySubscribed).toBe(true);
      const request = ask(table);
      expect(table.isFullySubscribed).toBe(true);
      table.confirm(request);
      expect(table.isFullySubscribed).toBe(true);
    });

    it('is not whole from the loss of an active one until it is confirmed again', () => {
      const table = activeTable(a, b);
      table.lose();
      expect(table.isFullySubscribed).toBe(false);
      const [first, second] = [ask(table, 1), ask(table, 1)];
      expect(table.isFullySubscribed).toBe(false);
      table.confirm(first);
      expect(table.isFullySubscribed).toBe(false);
      table.confirm(second);
      expect(table.isFullySubscribed).toBe(true);
    });

    it('is not whole from a denial until the target is confirmed or dropped', () => {
      const table = deniedTable(a);
      expect(table.isFullySubscribed).toBe(false);
      table.retryDenied();
      expect(table.isFullySubscribed).toBe(false);
      const request = ask(table);
      expect(table.isFullySubscribed).toBe(false);
      table.lose();
      expect(table.isFullySubscribed).toBe(false);
      expect(table.confirm(request)).toEqual([]);
      table.confirm(ask(table));
      expect(table.isFullySubscribed).toBe(true);

      const dropped = deniedTable(b);
      dropped.drop(b);
      expect(dropped.isFullySubscribed).toBe(true);
    });

    it('is whole again when the missing one is dropped', () => {
      const table = activeTable(a, b);
      table.lose();
      table.confirm(ask(table, 1));
      table.drop(b);
      expect(table.isFullySubscribed).toBe(true);
    });
  });

  it('ends with what was asked for last, whatever the order of wishes, answers and losses', () => {
    // A small broker: it has the commands in the order of sending, and answers when it is told to.
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = mulberry32(seed);
      const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
      const targets = [a, b, c, pattern('p'), shard('__proto__')];
      const wanted = new Set<SubscriptionTarget>();
      const table = new SubscriptionTable();
      let inFlight: (SubscriptionRequest | { readonly unsubscribe: SubscriptionTarget })[] = [];
      let atBroker = new Set<string>();
      const key = ({ kind, name }: SubscriptionTarget) => `${kind}:${name}`;

      const send = () => inFlight.push(...askAll(table, 2));
      const answer = () => {
        const command = inFlight.shift();
        if (command === undefined) return;
        if ('unsubscribe' in command) {
          atBroker.delete(key(command.unsubscribe));
        } else if (command.targets.length > 1 && random() < 0.3) {
          inFlight.push(...table.refuse(command, 'NOPERM'));
        } else {
          for (const target of command.targets) atBroker.add(key(target));
          table.confirm(command);
        }
      };
      const steps = [
        () => {
          const target = pick(targets);
          table.hold(target);
          wanted.add(target);
        },
        () => {
          const target = pick(targets);
          wanted.delete(target);
          if (table.drop(target)) inFlight.push({ unsubscribe: target });
        },
        send,
        answer,
        answer,
        () => {
          if (random() > 0.2) return;
          table.lose();
          inFlight = [];
          atBroker = new Set();
        },
      ];
      for (let step = 0; step < 60; step += 1) pick(steps)();
      do {
        send();
        while (inFlight.length > 0) answer();
      } while (table.list().some(({ state }) => state !== 'active'));

      expect([seed, [...atBroker].toSorted()]).toEqual([seed, [...wanted].map(key).toSorted()]);
    }
  });
});

describe('SubscriptionTable of a Cluster', () => {
  const names = (requests: readonly SubscriptionRequest[]) =>
    requests.map(({ targets }) => targets.map(({ name }) => name));

  it('asks for those of one group in one command', () => {
    const table = new SubscriptionTable(({ name }) => name.length);
    for (const name of ['a', 'aa', 'b', 'bb', 'c']) table.hold(shard(name));
    table.drop(shard('b'));
    expect(names(askAll(table))).toEqual([
      ['a', 'c'],
      ['aa', 'bb'],
    ]);
    table.lose();
    expect(names(askAll(table, 1))).toHaveLength(4);
  });

  it('misses what was active elsewhere until it is active here', () => {
    const table = tableOf(a, b);
    table.miss(a);
    table.miss(c);
    expect(table.isFullySubscribed).toBe(false);
    table.confirm(ask(table));
    table.miss(b);
    expect(table.isFullySubscribed).toBe(true);
  });

  it('loses one alone', () => {
    const table = activeTable(a, b);
    expect([table.loseOne(a), table.loseOne(a), table.loseOne(c)]).toEqual([[a], [], []]);
    expect([table.stateOf(a), table.stateOf(b)]).toEqual(['lost', 'active']);
    expect(names([ask(table)])).toEqual([['a']]);
  });

  it('wants again what the broker turned away, unless the answer is stale', () => {
    const table = tableOf(a, b);
    const request = ask(table);
    table.drop(b);
    expect(table.turnAway(request)).toEqual([a]);
    expect(table.stateOf(a)).toBe('wanted');
    expect(table.turnAway(request)).toEqual([]);
    expect(names([ask(table)])).toEqual([['a']]);
  });
});

/** A seeded generator, so that a failure can be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
