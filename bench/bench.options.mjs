import { parseArgs } from 'node:util';

/**
 * How much is measured.
 *
 * @typedef {object} Scale
 * @property {'full' | 'quick' | 'smoke'} name
 * @property {number} rounds how often each contender has its turn
 * @property {number} roundsPerProcess after so many, new processes go on
 * @property {number} share of the events of a full run
 * @property {boolean} isWarm whether a round that does not count comes first
 * @property {number} stallTimeoutMs how long nothing may happen before a round has failed
 */

/** @type {Record<string, Scale>} */
const SCALES = {
  full: { name: 'full', rounds: 6, roundsPerProcess: 3, share: 1, isWarm: true, stallTimeoutMs: 20_000 },
  quick: { name: 'quick', rounds: 5, roundsPerProcess: 5, share: 0.25, isWarm: true, stallTimeoutMs: 20_000 },
  smoke: { name: 'smoke', rounds: 1, roundsPerProcess: 1, share: 0, isWarm: false, stallTimeoutMs: 20_000 },
};

const HELP = 'npm run bench -- [--quick] [--case P1,P3] [--rounds 6] [--json FILE] [--write]';

/**
 * @param {readonly string[]} args
 * @param {readonly string[]} caseNames all there are
 * @returns {{ scale: Scale, cases: readonly string[], json?: string, write: boolean }}
 * @throws Error that says what to write instead
 */
export function readOptions(args, caseNames) {
  const { values } = parse(args);
  const cases = (values.case ?? []).flatMap((list) => list.split(',')).map((name) => name.trim());
  const unknown = cases.filter((name) => !caseNames.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `There is no case ${unknown.join(', ')}. Write --case with some of ${caseNames.join(', ')}.`,
    );
  }
  if (values.quick && values.smoke) throw new Error('Write --quick or --smoke, not both.');
  if (values.write && (values.quick || values.smoke || cases.length > 0)) {
    throw new Error('--write takes a full run: leave out --quick, --smoke and --case.');
  }
  const name = values.quick ? 'quick' : values.smoke ? 'smoke' : 'full';
  return {
    scale: { ...SCALES[name], ...roundsOf(values.rounds) },
    cases,
    json: values.json,
    write: values.write ?? false,
  };
}

function roundsOf(rounds) {
  if (rounds === undefined) return {};
  if (/^[1-9]\d?$/.test(rounds)) return { rounds: Number(rounds) };
  throw new Error(`--rounds must be a whole number from 1 to 99, not ${JSON.stringify(rounds)}.`);
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        case: { type: 'string', multiple: true },
        json: { type: 'string' },
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        smoke: { type: 'boolean' },
        write: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new Error(`${error.message}\n${HELP}`, { cause: error });
  }
}
