import { CoverIndex } from './cover.index.js';
import { TargetShape } from './target.shape.js';

const item = (name: string, kind: 'channel' | 'pattern' = 'pattern') => ({
  name,
  shape: new TargetShape({ kind, name }),
});

describe('CoverIndex', () => {
  const prefix = item('o:*');
  const tail = item('*:a');
  const middle = item('o:?:a');

  it('finds one that covers a channel or a pattern, by its beginning or by its beginning and its end', () => {
    const index = new CoverIndex<ReturnType<typeof item>>();
    for (const one of [prefix, tail, middle]) index.add(one);
    expect(index.find(item('o:1', 'channel'), () => true)).toBe(prefix);
    expect(index.find(item('p:a', 'channel'), () => true)).toBe(tail);
    expect(index.find(item('o:1:*'), () => true)).toBe(prefix);
    expect(index.find(item('p:b', 'channel'), () => true)).toBeUndefined();
    expect(index.find(item('o:1:a', 'channel'), (one) => one === middle)).toBe(middle);
  });

  it('knows what is in it, and is empty when all has left', () => {
    const index = new CoverIndex<ReturnType<typeof item>>();
    for (const one of [prefix, tail]) {
      expect(index.has(one)).toBe(false);
      index.add(one);
      expect(index.has(one)).toBe(true);
    }
    for (const one of [prefix, tail, middle]) index.delete(one);
    expect([index.has(prefix), index.has(tail), index.isEmpty]).toEqual([false, false, true]);
  });

  it('looks at 50 that begin and end alike, and gives up then', () => {
    const index = new CoverIndex<ReturnType<typeof item>>();
    for (let number = 0; number < 60; number += 1) index.add(item(`o*${number}*a`));
    let asked = 0;
    const refuse = () => {
      asked += 1;
      return false;
    };
    expect(index.find(item('o:a', 'channel'), refuse)).toBeUndefined();
    expect(asked).toBe(50);
  });
});
