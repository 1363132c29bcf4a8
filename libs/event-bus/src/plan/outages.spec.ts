import { Outages } from './outages.js';
import { PlannedSubscription } from './planned.subscription.js';

type Planned = PlannedSubscription<object>;

function planned(name: string, isWanted = true): Planned {
  const subscription: Planned = new PlannedSubscription<object>({ kind: 'channel', name }, true);
  const target = { text: name, subscription: subscription.target, matches: () => true };
  const binding = { consumer: {}, target, subscription, siblings: [], isOnly: true };
  if (isWanted) subscription.bindings.add(binding);
  return subscription;
}

describe('Outages', () => {
  const textsOf = (subscriptions: Iterable<Planned>) => [...subscriptions].map(({ target }) => target.name);

  it('are of those that a link served when it was interrupted, whoever serves them now, once', () => {
    const outages = new Outages<object>();
    const [wide, narrow] = [planned('wide'), planned('narrow')];
    outages.interrupted(narrow, wide);
    narrow.server = narrow;
    expect(textsOf(outages.takeInterrupted(wide))).toEqual(['narrow']);
    expect(textsOf(outages.takeInterrupted(wide))).toEqual(['wide']);
  });

  it('wait for whatever serves next, where what was interrupted is denied', () => {
    const outages = new Outages<object>();
    const [wide, a, b] = [planned('wide'), planned('a'), planned('b')];
    for (const one of [a, b]) outages.interrupted(one, wide);
    outages.denied(wide, 1_000);
    a.server = a;
    outages.served(a);
    // The other one is still to come, and both make one gap.
    expect(outages.takeMissed()).toBeUndefined();
    b.server = b;
    outages.served(b);
    expect(outages.takeMissed()).toEqual({ texts: ['a', 'b'], fromMs: 1_000 });
    expect(outages.takeMissed()).toBeUndefined();
  });

  it('wait for none that is denied itself: it is not served for long', () => {
    const outages = new Outages<object>();
    const [wide, a, b] = [planned('wide'), planned('a'), planned('b')];
    for (const one of [a, b]) outages.interrupted(one, wide);
    outages.denied(wide, 1_000);
    b.advance('denied');
    a.server = a;
    outages.served(a);
    expect(outages.takeMissed()).toEqual({ texts: ['a'], fromMs: 1_000 });
  });

  it('are left to the link where what was denied is the first to serve again', () => {
    const outages = new Outages<object>();
    const [wide, narrow] = [planned('wide'), planned('narrow')];
    outages.interrupted(narrow, wide);
    outages.denied(wide, 1_000);
    narrow.server = wide;
    outages.served(narrow);
    expect(outages.takeMissed()).toBeUndefined();
    expect(textsOf(outages.takeInterrupted(wide))).toEqual(['narrow']);
  });

  it.each<[string, boolean, number | undefined]>([
    ['nobody wants', false, 1_000],
    ['was never delivered', true, undefined],
  ])('are none of what %s', (_what, isWanted, sinceMs) => {
    const outages = new Outages<object>();
    const [wide, narrow] = [planned('wide'), planned('narrow', isWanted)];
    outages.interrupted(narrow, wide);
    outages.denied(wide, sinceMs);
    narrow.server = narrow;
    outages.served(narrow);
    expect(outages.takeMissed()).toBeUndefined();
  });

  it('are forgotten with those who wanted it', () => {
    const outages = new Outages<object>();
    const [wide, narrow] = [planned('wide'), planned('narrow')];
    outages.interrupted(narrow, wide);
    outages.denied(wide, 1_000);
    outages.forget(narrow);
    narrow.server = narrow;
    outages.served(narrow);
    expect(outages.takeMissed()).toBeUndefined();
  });
});
