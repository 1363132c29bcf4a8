import { Fifo } from './fifo.js';

describe('Fifo', () => {
  it('gives back what was put in, in order, however it grows and shrinks', () => {
    const fifo = new Fifo<number>();
    const out: number[] = [];
    let next = 0;
    for (let round = 0; round < 50; round += 1) {
      for (let i = 0; i < 200; i += 1) fifo.push(next++);
      for (let i = 0; i < 150; i += 1) out.push(fifo.shift() as number);
    }
    expect(fifo.length).toBe(50 * 50);
    for (let item = fifo.shift(); item !== undefined; item = fifo.shift()) out.push(item);

    expect(out).toEqual(Array.from({ length: next }, (_, i) => i));
    expect([fifo.length, fifo.shift()]).toEqual([0, undefined]);
  });
});
