import { deliveryProblems, expectedTally } from '../check/delivery.check.mjs';

/**
 * Publisher and handler in one process.
 *
 * @type {import('./trial.kind.mjs').OpenTrial}
 */
export async function openLocalTrial(lab, { name, contender, settings }, { inFlight }) {
  const worker = lab.worker('local');
  await worker.call('open', { contender, settings });
  let published = 0;

  const tallies = () => worker.call('tallies');
  const problems = async () =>
    deliveryProblems(name, [expectedTally({ events: published, channels: 1 })], await tallies()).join('\n');

  async function run(events) {
    const from = published;
    published += events;
    const { cpuUs, wallMs } = await lab.unlessStalled(
      worker,
      worker.call('run', { from, events, inFlight }),
      problems,
    );
    return { cpuUs: cpuUs / events, perSecond: (events / wallMs) * 1_000 };
  }

  return {
    round: run,
    async finish() {
      await run(1);
      const found = await problems();
      if (found !== '') throw new Error(found);
    },
    close: () => lab.release(worker),
  };
}
