import { EvictionClock } from './eviction.clock.js';

const member = (name: string) => ({ name, wasUsed: false, slot: 0 });

describe('EvictionClock', () => {
  it('lets nobody go up to its limit', () => {
    const clock = new EvictionClock<ReturnType<typeof member>>(3);
    expect(['a', 'b', 'c'].map((name) => clock.add(member(name)))).toEqual([undefined, undefined, undefined]);
    expect(clock.size).toBe(3);
  });

  it('lets the oldest go where none was used', () => {
    const clock = new EvictionClock<ReturnType<typeof member>>(3);
    const gone = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => clock.add(member(name))?.name);
    expect(gone).toEqual([undefined, undefined, undefined, 'a', 'b', 'c', 'd']);
    expect(clock.size).toBe(3);
  });

  it('spares one that was used, once for each time', () => {
    const clock = new EvictionClock<ReturnType<typeof member>>(3);
    const [a, b, c] = ['a', 'b', 'c'].map(member) as [
      ReturnType<typeof member>,
      ReturnType<typeof member>,
      ReturnType<typeof member>,
    ];
    for (const one of [a, b, c]) clock.add(one);
    a.wasUsed = true;
    c.wasUsed = true;
    expect(clock.add(member('d'))).toBe(b);
    expect(clock.add(member('e'))).toBe(a);
    expect(clock.add(member('f'))?.name).toBe('d');
    expect(clock.add(member('g'))).toBe(c);
  });

  it('goes round where all were used', () => {
    const clock = new EvictionClock<ReturnType<typeof member>>(2);
    const all = ['a', 'b'].map(member);
    for (const one of all) {
      clock.add(one);
      one.wasUsed = true;
    }
    expect(clock.add(member('c'))).toBe(all[0]);
  });

  it('keeps the others when one is removed, whichever it is', () => {
    for (const index of [0, 1, 2]) {
      const clock = new EvictionClock<ReturnType<typeof member>>(3);
      const all = ['a', 'b', 'c', 'd'].map(member);
      for (const one of all) clock.add(one);
      const held = all.slice(1);
      const [removed] = held.splice(index, 1);
      clock.remove(removed!);
      expect(clock.size).toBe(2);
      expect(clock.add(member('e'))).toBeUndefined();
      const gone = [member('f'), member('g'), member('h')].map((one) => clock.add(one)?.name);
      expect(new Set(gone)).toEqual(new Set([...held.map(({ name }) => name), 'e']));
    }
  });
});
