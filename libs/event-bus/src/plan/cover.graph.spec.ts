import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { CoverGraph } from './cover.graph.js';
import { PlannedSubscription } from './planned.subscription.js';

type Planned = PlannedSubscription<object>;

const nameOf = ({ target }: Planned): string => target.name;

/** A graph of subscriptions that somebody wants, and what it said of them. */
function graphOf() {
  const known = new Map<string, Planned>();
  const said: string[] = [];
  const graph = new CoverGraph<object>(() => known.values(), {
    rooted: ({ target, root }) => said.push(`${target.name} under ${root.target.name}`),
    changed: ({ target }) => said.push(`${target.name} changed`),
  });
  const planned = (name: string): Planned => {
    const kind = name.includes('*') || name.includes('?') ? 'pattern' : 'channel';
    const target: SubscriptionTarget = { kind, name };
    const subscription = known.get(name) ?? new PlannedSubscription<object>(target, true);
    known.set(name, subscription);
    return subscription;
  };
  const bindings = new Map<string, Parameters<Planned['bindings']['add']>[0]>();
  return {
    graph,
    said,
    planned,
    add: (...names: string[]) => {
      for (const name of names) {
        const subscription = planned(name);
        const target = { text: name, subscription: subscription.target, matches: () => true };
        const binding = { consumer: {}, target, subscription, siblings: [], isOnly: true };
        bindings.set(name, binding);
        subscription.bindings.add(binding);
      }
      graph.add(new Set(names.map(planned)));
    },
    remove: (name: string) => {
      const subscription = planned(name);
      const binding = bindings.get(name);
      if (binding !== undefined) subscription.bindings.delete(binding);
      graph.remove(subscription);
    },
    roots: () => Object.fromEntries([...known.values()].map((one) => [nameOf(one), nameOf(one.root)])),
  };
}

describe('CoverGraph', () => {
  it('puts what comes later under what covers it, and what was there under what comes later', () => {
    const { add, roots } = graphOf();
    add('o:a', 'p');
    expect(roots()).toEqual({ 'o:a': 'o:a', p: 'p' });
    add('o:*');
    add('o:b');
    expect(roots()).toEqual({ 'o:a': 'o:*', 'o:b': 'o:*', 'o:*': 'o:*', p: 'p' });
  });

  it('stays flat: what a covered one covered has the same root', () => {
    const { add, roots, planned } = graphOf();
    add('o:a', 'o:?');
    add('*');
    expect(roots()).toEqual({ 'o:a': '*', 'o:?': '*', '*': '*' });
    expect([...(planned('*').covered ?? [])].map(nameOf).toSorted()).toEqual(['o:?', 'o:a']);
    expect(planned('o:?').covered).toBeUndefined();
  });

  it('puts what an unwanted one covered under the next that covers it, and the rest by itself', () => {
    const { add, remove, roots } = graphOf();
    add('o:a', 'o:?', 'p', '*');
    remove('*');
    expect(roots()).toMatchObject({ 'o:a': 'o:?', 'o:?': 'o:?', p: 'p' });
  });

  it('covers nothing with what is denied, until it is restored', () => {
    const { graph, add, planned, roots } = graphOf();
    add('o:a', '*');
    planned('*').advance('denied');
    graph.expose(planned('*'));
    expect(roots()).toEqual({ 'o:a': 'o:a', '*': '*' });
    add('o:b');
    expect(roots()).toMatchObject({ 'o:b': 'o:b' });

    planned('*').advance('confirmed');
    graph.restore(planned('*'));
    expect(roots()).toEqual({ 'o:a': '*', 'o:b': '*', '*': '*' });
  });

  it('restores nothing that covers already, or that nobody wants', () => {
    const { graph, add, remove, planned, said } = graphOf();
    add('o:a', '*');
    remove('o:a');
    said.length = 0;
    graph.restore(planned('*'));
    graph.restore(planned('o:a'));
    expect(said).toEqual([]);
  });

  it('says of each that has another root, and of each that may be needed now or no more', () => {
    const { add, remove, said } = graphOf();
    add('o:a');
    expect(said.splice(0)).toEqual(['o:a under o:a']);
    add('o:*');
    expect(said.splice(0)).toEqual(['o:* under o:*', 'o:a under o:*', 'o:a changed']);
    remove('o:*');
    expect(said.splice(0)).toEqual(['o:a under o:a', 'o:a changed']);
  });
});
