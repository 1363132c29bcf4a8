/** The rows of most cases. The second raw one shows the noise of the run. */
export function entriesOf(...contenders) {
  return ['raw', 'raw again', ...contenders].map((name) => ({
    name,
    contender: name === 'raw again' ? 'raw' : name,
  }));
}

/** Of the rows of most cases, those that `--quick` has time for. */
export const QUICK = ['raw', 'raw again', 'node-redis', 'nest', 'event-bus'];

/** Of the rows of most cases, those that are tried with a few events; P1 and P3 try the others. */
export const SMOKE = ['event-bus'];
