import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { figuresTable, noiseLine } from './figures.table.mjs';
import { targetsTable } from './targets.table.mjs';

const PAGE = join(import.meta.dirname, '../../docs/performance.md');
const MARKED = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/;

/** Puts a run between the marks of docs/performance.md. */
export async function writePage(run) {
  const page = readFileSync(PAGE, 'utf8');
  if (!MARKED.test(page)) {
    throw new Error(
      'docs/performance.md has no place for a run: put <!-- bench --> and <!-- /bench --> into it.',
    );
  }
  const renewed = page.replace(MARKED, (_, start, end) => `${start}\n${markdownOf(run)}\n\n${end}`);
  writeFileSync(PAGE, await format(renewed, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
}

function markdownOf({ versions, trials, verdicts }) {
  const { cpu: _cpu, cores, ...packages } = versions;
  const names = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured with ${names.join(', ')}, on ${cores} cores.`,
    '### Targets',
    targetsTable(verdicts),
    ...trials.flatMap((trial) => [
      `### ${trial.id}: ${trial.title}`,
      ...(trial.skipped === undefined
        ? [figuresTable(trial), noiseLine(trial)].filter(Boolean)
        : [`Skipped: ${trial.skipped}`]),
    ]),
  ].join('\n\n');
}
