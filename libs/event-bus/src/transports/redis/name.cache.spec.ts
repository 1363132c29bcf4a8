import { jest } from '@jest/globals';
import { NameCache } from './name.cache.js';

function textIn(names: NameCache, bytes: Buffer): string {
  return names.textOf(
    Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]),
    6,
    6 + bytes.length,
  );
}

describe('NameCache', () => {
  it('tells names apart that have one place', () => {
    const names = new NameCache();
    const many = Array.from({ length: 5_000 }, (_, index) => `orders:${index}`);
    for (const name of [...many, ...many]) expect(textIn(names, Buffer.from(name))).toBe(name);
  });

  it('tells names of every length apart that differ in a single byte', () => {
    const names = new NameCache();
    for (let length = 1; length <= 130; length += 1) {
      const name = 'a'.repeat(length);
      const others = Array.from({ length }, (_, at) => `${name.slice(0, at)}b${name.slice(at + 1)}`);
      const all = [name, ...others, ...others, name];
      expect(all.map((one) => textIn(names, Buffer.from(one)))).toEqual(all);
    }
  });

  it('remembers a name as one text, whatever its characters', () => {
    const names = new NameCache();
    const chunk = Buffer.from('größe');
    const decoded = jest.spyOn(chunk, 'toString');
    expect([1, 2].map(() => names.textOf(chunk, 0, chunk.length))).toEqual(['größe', 'größe']);
    expect(decoded).toHaveBeenCalledTimes(1);
  });

  it.each(['', 'größe', 'x'.repeat(500)])('gives the text of %j each time', (name) => {
    const names = new NameCache();
    expect([1, 2].map(() => textIn(names, Buffer.from(name)))).toEqual([name, name]);
  });

  it('reads what is no UTF-8 as Buffers do', () => {
    const names = new NameCache();
    const bytes = Buffer.from([0x61, 0xff]);
    expect([1, 2].map(() => textIn(names, bytes))).toEqual([bytes.toString(), bytes.toString()]);
  });

  it('keeps a name when its chunk is used again', () => {
    const names = new NameCache();
    const chunk = Buffer.from('orders');
    expect(names.textOf(chunk, 0, 6)).toBe('orders');
    chunk.write('ordeal');
    expect(names.textOf(chunk, 0, 6)).toBe('ordeal');
    expect(names.textOf(Buffer.from('orders'), 0, 6)).toBe('orders');
  });
});
