// Tells what the handlers of one contender take of the heap. Needs --expose-gc.
import { loadContender } from './contender.loader.mjs';
import { serve } from './serve.mjs';

serve({
  /**
   * Opens `few` handlers, which pays for what is loaded once, `few` again, and then `many`, each on a channel of its own.
   * Resolves with the bytes that one of the many takes more.
   */
  async bytesPerHandler({ contender: name, place, slot, few, many }) {
    const contender = await loadContender(name);
    const heaps = [];
    for (const [part, count] of [few, few, many].entries()) {
      const targets = Array.from({ length: count }, (_, index) => ({
        name: `${slot}:orders:${part}:${index}`,
        isPattern: false,
      }));
      const handlers = targets.map(() => () => undefined);
      await contender.subscribe({ place, targets, style: 'sync', handlers });
      heaps.push(heapBytes());
    }
    const [first, second, third] = heaps;
    return (third - second - (second - first)) / (many - few);
  },
});

function heapBytes() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
