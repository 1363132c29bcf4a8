// Runs one trial of the bench with a contender that has a fault: control.run.mjs drop|repeat|none.
import { Lab } from '../../../bench/lab/lab.mjs';
import { runTrial } from '../../../bench/trials/rounds.mjs';

const lab = new Lab({ stallTimeoutMs: 1_000 });
const trial = {
  id: 'control',
  title: 'a contender with a fault',
  kind: 'receive',
  settings: {
    channels: ['orders:created'],
    targets: [{ name: 'orders:created', isPattern: false }],
    style: 'sync',
  },
  entries: [
    { name: 'faulty', contender: '../../test/bench/support/dropping', settings: { fault: process.argv[2] } },
  ],
};
try {
  await runTrial(lab, trial, { name: 'smoke', rounds: 1, processes: 1, turnMs: 0, warmUpMs: 0 });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await lab.stop();
}
