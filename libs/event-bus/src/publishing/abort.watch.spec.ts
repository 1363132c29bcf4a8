import { getEventListeners } from 'node:events';
import { AbortWatch } from './abort.watch.js';

describe('AbortWatch', () => {
  it('listens once to a signal for all that wait, as long as any does', () => {
    const { signal } = new AbortController();
    const watch = new AbortWatch();
    const waiting = Array.from({ length: 20 }, () => () => undefined);
    const listeners = () => getEventListeners(signal, 'abort').length;
    for (const each of waiting) watch.add(signal, each);
    expect(listeners()).toBe(1);
    for (const each of waiting.slice(1)) watch.remove(signal, each);
    expect(listeners()).toBe(1);
    for (const each of waiting.slice(0, 1)) watch.remove(signal, each);
    expect(listeners()).toBe(0);
    watch.add(signal, waiting[0]!);
    expect(listeners()).toBe(1);
  });

  it('tells those that wait, in order, and none that left or waits for another signal', () => {
    const [controller, other] = [new AbortController(), new AbortController()];
    const watch = new AbortWatch();
    const told: string[] = [];
    const left = () => told.push('left');
    watch.add(controller.signal, () => told.push('first'));
    watch.add(controller.signal, left);
    watch.add(controller.signal, () => told.push('second'));
    watch.add(other.signal, () => told.push('other'));
    watch.remove(controller.signal, left);
    controller.abort();
    expect(told).toEqual(['first', 'second']);
  });
});
