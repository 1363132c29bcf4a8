/**
 * What one handler with a channel of its own takes of the heap, in a new process each round.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openMemoryTrial(lab, { contender, slot }, { few, many }) {
  const { place } = await lab.server();

  return {
    isBegunAnew: true,
    async round() {
      const worker = lab.worker('memory', ['--expose-gc']);
      try {
        return { heapBytes: await worker.call('bytesPerHandler', { contender, place, slot, few, many }) };
      } finally {
        await lab.release(worker);
      }
    },
    finish: async () => undefined,
    close: async () => undefined,
  };
}
