// Measures what an event costs, next to the alternatives. Runs for about half an hour.
// --quick: the main cases, in a minute or two. --case P1,P3: these alone. --rounds N: how often each contender has its two turns.
// --json FILE: everything, round by round. --compare FILE: next to an earlier run's --json. --write: renews docs/performance.md.
// --smoke: a few events of everything, which says nothing about speed.
import { writeFileSync } from 'node:fs';
import { ensureBuilt } from '../scripts/workspace.build.mjs';
import { readOptions } from './bench.options.mjs';
import { CASES } from './cases/cases.mjs';
import { Lab } from './lab/lab.mjs';
import { comparisonOf, readRun } from './report/comparison.mjs';
import { comparisonText } from './report/comparison.text.mjs';
import { figuresTable, noiseLine } from './report/figures.table.mjs';
import { targetsTable } from './report/targets.table.mjs';
import { verdictsOf } from './report/verdicts.mjs';
import { versionsOf } from './report/versions.mjs';
import { TARGETS } from './targets.mjs';
import { runTrial } from './trials/rounds.mjs';

const interrupted = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.once(signal, () => {
    process.exitCode = code;
    interrupted.abort(new Error(`Stopped by ${signal}.`));
  });
}

let lab;
try {
  const options = readOptions(process.argv.slice(2), [...CASES.keys()]);
  await ensureBuilt({ write: (line) => console.log(line), signal: interrupted.signal });
  lab = new Lab(options.scale);
  const aborted = new Promise((_, reject) => {
    interrupted.signal.addEventListener('abort', () => reject(interrupted.signal.reason));
  });
  await Promise.race([run(options), aborted]);
} catch (error) {
  console.error(error.message);
  process.exitCode ??= 1;
} finally {
  await lab?.stop();
}
// What is left waits for processes that are gone.
process.exit();

async function run({ scale, cases, json, compare, write }) {
  const earlier = compare === undefined ? undefined : readRun(compare);
  const versions = versionsOf(await (await lab.server()).version());
  console.log(
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  const trials = [];
  for (const trial of chosen(cases, scale)) {
    const result = await runTrial(lab, trial, scale);
    trials.push(result);
    console.log(`\n${result.id}: ${result.title}`);
    console.log(
      result.skipped === undefined
        ? [figuresTable(result), noiseLine(result)].filter(Boolean).join('\n')
        : `skipped: ${result.skipped}`,
    );
  }
  const verdicts = verdictsOf(TARGETS, trials);
  if (scale.name !== 'smoke' && verdicts.length > 0) console.log(`\n${targetsTable(verdicts)}`);
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ versions, scale, trials, verdicts }, undefined, 2)}\n`);
  }
  if (earlier !== undefined)
    console.log(`\n${comparisonText(comparisonOf(earlier, { versions, trials }), compare)}`);
  if (write) {
    const { writePage } = await import('./report/page.mjs');
    await writePage({ versions, trials, verdicts });
  }
}

function chosen(names, scale) {
  const trials = [...CASES]
    .filter(([name]) => names.length === 0 || names.includes(name))
    .flatMap(([, list]) => list);
  return scale.name === 'quick' && names.length === 0 ? trials.filter(({ isQuick }) => isQuick) : trials;
}
