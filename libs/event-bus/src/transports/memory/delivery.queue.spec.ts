import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { DeliveryQueue } from './delivery.queue.js';

describe('DeliveryQueue', () => {
  it('runs what is added in order, and nothing inside the call that adds it', async () => {
    const queue = new DeliveryQueue();
    const ran: number[] = [];
    for (let n = 0; n < 1_000; n += 1) queue.add(() => ran.push(n));
    expect(ran).toEqual([]);
    await queue.whenIdle();
    expect(ran).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });

  it('runs what a task adds behind what already waits', async () => {
    const queue = new DeliveryQueue();
    const ran: string[] = [];
    queue.add(() => {
      ran.push('first');
      queue.add(() => ran.push('added'));
    });
    queue.add(() => ran.push('second'));
    await queue.whenIdle();
    expect(ran).toEqual(['first', 'second', 'added']);
  });

  it('lets the event loop turn in the middle of a burst', async () => {
    const queue = new DeliveryQueue();
    let ran = 0;
    for (let n = 0; n < 5_000; n += 1) queue.add(() => (ran += 1));
    await turn();
    expect(ran).toBeGreaterThan(0);
    expect(ran).toBeLessThan(5_000);
    await queue.whenIdle();
    expect(ran).toBe(5_000);
  });

  it('keeps the order of a queue that never runs dry', async () => {
    const queue = new DeliveryQueue();
    const ran: number[] = [];
    const add = (n: number) => {
      queue.add(() => {
        ran.push(n);
        if (n < 2_000) add(n + 250);
      });
    };
    for (let n = 0; n < 250; n += 1) add(n);
    await queue.whenIdle();
    expect(ran).toEqual(Array.from({ length: 2_250 }, (_, n) => n));
  });

  it('is idle when nothing waits and nothing runs', async () => {
    const queue = new DeliveryQueue();
    expect(queue.isIdle).toBe(true);
    const seen: boolean[] = [];
    queue.add(() => seen.push(queue.isIdle));
    expect(queue.isIdle).toBe(false);
    await queue.whenIdle();
    expect([...seen, queue.isIdle]).toEqual([false, true]);
    await queue.whenIdle();
  });

  it('waits for what is added while somebody waits', async () => {
    const queue = new DeliveryQueue();
    const ran: string[] = [];
    void queue.turn().then(() => queue.add(() => ran.push('later')));
    await queue.whenIdle();
    expect(ran).toEqual(['later']);
  });

  it('resolves a turn after everything that was added before it', async () => {
    const queue = new DeliveryQueue();
    const ran: string[] = [];
    queue.add(() => ran.push('before'));
    await queue.turn();
    expect(ran).toEqual(['before']);
  });

  it('runs on real time when timers are faked', async () => {
    jest.useFakeTimers();
    try {
      const queue = new DeliveryQueue();
      const ran: string[] = [];
      queue.add(() => ran.push('ran'));
      await queue.whenIdle();
      expect(ran).toEqual(['ran']);
    } finally {
      jest.useRealTimers();
    }
  });
});
