import { TRIAL_KINDS } from './trial.kind.mjs';

/** Enough to see that all arrive. */
const MIN_EVENTS = 300;

/**
 * Runs one trial: all contenders are opened and warmed up, then take turns, A B C A B C. After `roundsPerProcess` of them
 * new processes go on, since two processes of the same code are not equally fast.
 *
 * @param {import('../lab/lab.mjs').Lab} lab
 * @param {object} trial one of `cases/`
 * @param {import('../bench.options.mjs').Scale} scale
 * @returns {Promise<{ id: string, title: string, entries: { name: string, rounds: Record<string, number>[] }[] }>}
 */
export async function runTrial(lab, trial, scale) {
  const { id, title } = trial;
  const skipped = await trial.problem?.(lab);
  if (skipped !== undefined) return { id, title, skipped, entries: [] };
  const entries = entriesFor(trial, scale);
  const results = entries.map(({ name, raw, nest }) => ({ name, raw, nest, rounds: [] }));
  try {
    for (let round = 0; round < scale.rounds; round += scale.roundsPerProcess) {
      const count = Math.min(scale.roundsPerProcess, scale.rounds - round);
      await runProcesses(lab, { ...trial, entries }, { ...scale, rounds: count }, (index, figures) =>
        results[index].rounds.push(figures),
      );
    }
  } catch (error) {
    throw new Error(`${id}: ${error.message}`, { cause: error });
  }
  return { id, title, entries: results };
}

async function runProcesses(lab, { kind, settings, entries, events: fullEvents = 0 }, scale, measured) {
  const events = Math.max(MIN_EVENTS, Math.round(fullEvents * scale.share));
  const opening = entries.map((entry, index) => {
    // Of one length, so that none has shorter names than another.
    const slot = String.fromCharCode('a'.charCodeAt(0) + index);
    return TRIAL_KINDS[kind](lab, { ...entry, slot }, settings);
  });
  try {
    const trials = await Promise.all(opening);
    if (scale.isWarm) for (const opened of trials) await opened.round(events);
    for (let round = 0; round < scale.rounds; round += 1) {
      for (const [index, opened] of trials.entries()) measured(index, await opened.round(events));
    }
    for (const opened of trials) await opened.finish();
  } finally {
    const settled = await Promise.allSettled(opening);
    await Promise.all(settled.map(({ value }) => value?.close()));
  }
}

function entriesFor(trial, scale) {
  if (scale.name === 'full') return trial.entries;
  const names = scale.name === 'smoke' ? trial.smoke : trial.quick;
  return names === undefined ? trial.entries : trial.entries.filter(({ name }) => names.includes(name));
}
