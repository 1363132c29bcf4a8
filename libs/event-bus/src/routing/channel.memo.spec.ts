import { ChannelMemo } from './channel.memo.js';

describe('ChannelMemo', () => {
  it('keeps a value for each channel', () => {
    const memo = new ChannelMemo<number>();
    memo.set('a', 1);
    memo.set('b', 2);
    expect([memo.get('a'), memo.get('b'), memo.get('c')]).toEqual([1, 2, undefined]);
  });

  it('keeps no long names, of which strangers could fill the memory', () => {
    const memo = new ChannelMemo<number>();
    for (const length of [256, 257]) memo.set('x'.repeat(length), length);
    expect([256, 257].map((length) => memo.get('x'.repeat(length)))).toEqual([256, undefined]);
  });

  it('keeps so many names and no more', () => {
    const memo = new ChannelMemo<number>();
    for (let index = 0; index <= 10_000; index += 1) memo.set(`channel:${index}`, index);
    expect(memo.get('channel:10000')).toBe(10_000);
    expect(memo.get('channel:9999')).toBeUndefined();
  });
});
