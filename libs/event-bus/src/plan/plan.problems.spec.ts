import { planProblems } from '../../../../test/support/plan.problems.js';
import type { Binding } from './binding.list.js';
import { PlannedSubscription } from './planned.subscription.js';

type Planned = PlannedSubscription<object>;

const consumer = {};

function planned(name: string): Planned {
  const kind = name.includes('*') ? 'pattern' : 'channel';
  return new PlannedSubscription<object>({ kind, name }, true);
}

function want(subscription: Planned): Binding<object> {
  const target = { text: '', subscription: subscription.target, matches: () => true };
  const binding = { consumer, target, subscription, siblings: [], isOnly: true };
  subscription.bindings.add(binding);
  return binding;
}

/** A live wide one that covers and serves a narrow one; broken in each case in another way. */
function soundPlan() {
  const [wide, narrow] = [planned('o:*'), planned('o:a')];
  const bindings = [want(wide), want(narrow)];
  for (const event of ['subscribe', 'confirmed'] as const) wide.advance(event);
  narrow.root = wide;
  wide.covered = new Set([narrow]);
  wide.server = wide;
  narrow.server = wide;
  const missing = new Set<Planned>();
  const retiring = new Set<Planned>();
  const bindingsOf = new Map([[consumer, bindings]]);
  return { wide, narrow, bindings, bindingsOf, missing, retiring, all: () => [wide, narrow] };
}

describe('the problems of a plan', () => {
  it('are none where it is sound', () => expect(planProblems(soundPlan())).toEqual([]));

  it.each<[string, (plan: ReturnType<typeof soundPlan>) => void, string]>([
    ['a forgotten server', ({ narrow }) => (narrow.server = undefined), 'channel:o:a (idle) is not served'],
    [
      'a server that is released',
      ({ wide }) => wide.advance('released'),
      'served by one that delivers nothing',
    ],
    [
      'a root that forgot',
      ({ wide }) => wide.covered?.clear(),
      'channel:o:a (idle) is not known to its root',
    ],
    ['a root of its own', ({ narrow }) => (narrow.root = narrow), 'covers one that has another root'],
    ['one that is not asked for', ({ narrow }) => (narrow.root = narrow), 'is asked for exactly when'],
    ['one that is asked for twice', ({ missing, wide }) => missing.add(wide), 'is asked for exactly when'],
    ['one that retires and is needed', ({ retiring, wide }) => retiring.add(wide), 'retires exactly when'],
    [
      'one that nobody knows',
      ({ missing }) => missing.add(planned('x')),
      'channel:x (idle) is to be told of',
    ],
    ['a consumer that is gone', ({ bindings }) => bindings.pop(), 'asked for by somebody who is not there'],
    [
      'a target without its consumer',
      ({ narrow, bindings }) => narrow.bindings.delete(bindings[1] as Binding<object>),
      'does not know one who asks for it',
    ],
    [
      'a successor that forgot',
      ({ narrow, wide }) => (narrow.successor = wide),
      'not known to its successor',
    ],
    ['a successor too early', ({ narrow, wide }) => (narrow.successor = wide), 'and its server stays'],
    [
      'a narrow one that serves a wide one',
      ({ narrow, wide }) => (wide.server = narrow),
      'pattern:o:* (live) is served by one that does not cover it',
    ],
    [
      'one that is new and not served',
      ({ narrow }) => Object.assign(narrow, { isNew: true, server: undefined }),
      'is new',
    ],
  ])('show %s', (_what, breakIt, problem) => {
    const plan = soundPlan();
    breakIt(plan);
    expect(planProblems(plan)).toContainEqual(expect.stringContaining(problem));
  });
});
