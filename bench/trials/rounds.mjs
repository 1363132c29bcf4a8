import { takeTurns } from './turns.mjs';
import { TRIAL_KINDS } from './trial.kind.mjs';

/**
 * Runs one trial: all its contenders are opened and take turns. After some rounds new processes go on, since two processes of
 * the same code are not equally fast.
 *
 * @param {import('../lab/lab.mjs').Lab} lab
 * @param {object} trial one of `cases/`
 * @param {import('../bench.options.mjs').Scale} scale
 * @returns {Promise<object>} id, title, options, and the figures of each round of each entry; `skipped` says why there are none
 */
export async function runTrial(lab, trial, scale) {
  const { id, title } = trial;
  const pace = paceOf(trial, scale);
  const entries = entriesFor(trial, scale);
  const options = { kind: trial.kind, settings: trial.settings, ...pace };
  const skipped = await trial.problem?.(lab);
  if (skipped !== undefined) return { id, title, options, skipped, entries: [] };
  const results = entries.map((entry) => ({ ...describe(entry), rounds: [] }));
  const perProcess = Math.ceil(pace.rounds / pace.processes);
  try {
    for (let done = 0; done < pace.rounds; done += perProcess) {
      const rounds = Math.min(perProcess, pace.rounds - done);
      await runProcesses(lab, { ...trial, entries }, { ...pace, rounds }, (index, figures) =>
        results[index].rounds.push(figures),
      );
    }
  } catch (error) {
    throw new Error(`${id}: ${error.message}`, { cause: error });
  }
  return { id, title, options, entries: results };
}

async function runProcesses(lab, { kind, settings, entries }, pace, measured) {
  const opening = entries.map((entry, index) => {
    // Of one length, so that none has shorter names than another.
    const slot = String.fromCharCode('a'.charCodeAt(0) + index);
    return TRIAL_KINDS[kind](lab, { ...entry, slot }, settings);
  });
  try {
    const opened = await Promise.all(opening);
    await takeTurns(opened, pace, measured);
    for (const contender of opened) await contender.finish();
  } finally {
    const settled = await Promise.allSettled(opening);
    await Promise.all(settled.map(({ value }) => value?.close()));
  }
}

/** What lasts long by its nature asks for longer turns, and for fewer. */
function paceOf({ maxRounds = Infinity, minTurnMs = 0 }, { rounds, processes, turnMs, warmUpMs }) {
  return { rounds: Math.min(rounds, maxRounds), processes, turnMs: Math.max(turnMs, minTurnMs), warmUpMs };
}

function entriesFor(trial, scale) {
  if (scale.name === 'full') return trial.entries;
  const names = scale.name === 'smoke' ? trial.smoke : trial.quick;
  return names === undefined ? trial.entries : trial.entries.filter(({ name }) => names.includes(name));
}

/** What a later run has to know of an entry to be compared with it. Thousands of channels are a number. */
function describe({ name, contender, rivals, settings, channels, targets }) {
  return {
    name,
    rivals,
    options: { contender, settings, channels: channels?.length, targets: targets?.length },
  };
}
