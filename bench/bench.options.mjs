import { parseArgs } from 'node:util';

/**
 * How much is measured.
 *
 * @typedef {object} Scale
 * @property {'full' | 'quick' | 'smoke'} name
 * @property {number} rounds in each of which each contender has two turns
 * @property {number} processes how many of each contender share the rounds, one after the other
 * @property {number} turnMs how long a turn should take; 0: a few events
 * @property {number} warmUpMs how long each process runs at least before it counts
 * @property {number} stallTimeoutMs how long nothing may happen before a round has failed
 */

/** @type {Record<string, Scale>} */
const SCALES = {
  full: { name: 'full', rounds: 24, processes: 4, turnMs: 120, warmUpMs: 500, stallTimeoutMs: 20_000 },
  quick: { name: 'quick', rounds: 8, processes: 2, turnMs: 100, warmUpMs: 250, stallTimeoutMs: 20_000 },
  smoke: { name: 'smoke', rounds: 1, processes: 1, turnMs: 0, warmUpMs: 0, stallTimeoutMs: 20_000 },
};

const HELP =
  'npm run bench -- [--quick] [--case P1,P3] [--rounds 24] [--json FILE] [--compare FILE] [--write]';

/**
 * @param {readonly string[]} args
 * @param {readonly string[]} caseNames all there are
 * @returns {{ scale: Scale, cases: readonly string[], json?: string, compare?: string, write: boolean }}
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
    compare: values.compare,
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
        compare: { type: 'string' },
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
