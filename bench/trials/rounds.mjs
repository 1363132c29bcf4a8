import { TRIAL_KINDS } from './trial.kind.mjs';

/** Enough to see that all arrive. */
const MIN_EVENTS = 300;

/**
 * Runs one trial: all contenders are opened and warmed up, then take turns, A B C A B C.
 *
 * @param {import('../lab/lab.mjs').Lab} lab
 * @param {object} trial one of `cases/`
 * @param {{ rounds: number, share: number }} scale `share`: of the events of the trial
 * @returns {Promise<{ id: string, title: string, entries: { name: string, rounds: Record<string, number>[] }[] }>}
 */
export async function runTrial(lab, trial, { rounds, share }) {
  const events = Math.max(MIN_EVENTS, Math.round(trial.events * share));
  const running = [];
  try {
    for (const [index, entry] of trial.entries.entries()) {
      const slot = String.fromCharCode(97 + index);
      const opened = await TRIAL_KINDS[trial.kind](lab, { ...entry, slot }, trial.settings);
      running.push({ entry, opened, rounds: [] });
    }
    for (const { opened } of running) await opened.round(events);
    for (let round = 0; round < rounds; round += 1) {
      for (const { opened, rounds: figures } of running) figures.push(await opened.round(events));
    }
    for (const { opened } of running) await opened.finish();
  } finally {
    await Promise.all(running.map(({ opened }) => opened.close()));
  }
  return {
    id: trial.id,
    title: trial.title,
    entries: running.map(({ entry, rounds: figures }) => ({ ...entry, rounds: figures })),
  };
}
