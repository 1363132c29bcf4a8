import { TRIAL_KINDS } from './trial.kind.mjs';

/** Enough to see that all arrive. */
const MIN_EVENTS = 300;

/**
 * Runs one trial: all contenders are opened and warmed up, then take turns, A B C A B C.
 *
 * @param {import('../lab/lab.mjs').Lab} lab
 * @param {object} trial one of `cases/`
 * @param {import('../bench.options.mjs').Scale} scale
 * @returns {Promise<{ id: string, title: string, entries: { name: string, rounds: Record<string, number>[] }[] }>}
 */
export async function runTrial(lab, trial, scale) {
  const events = Math.max(MIN_EVENTS, Math.round((trial.events ?? 0) * scale.share));
  const skipped = await trial.problem?.(lab);
  if (skipped !== undefined) return { id: trial.id, title: trial.title, skipped, entries: [] };
  const opening = entriesFor(trial, scale).map(async (entry, index) => {
    // Of one length, so that none has shorter names than another.
    const slot = String.fromCharCode('a'.charCodeAt(0) + index);
    const opened = await TRIAL_KINDS[trial.kind](lab, { ...entry, slot }, trial.settings);
    return { entry, opened, rounds: [] };
  });
  let running;
  try {
    running = await Promise.all(opening);
    for (const { opened } of scale.isWarm ? running : []) await opened.round(events);
    for (let round = 0; round < scale.rounds; round += 1) {
      for (const { opened, rounds } of running) rounds.push(await opened.round(events));
    }
    for (const { opened } of running) await opened.finish();
  } catch (error) {
    throw new Error(`${trial.id}: ${error.message}`, { cause: error });
  } finally {
    const settled = await Promise.allSettled(opening);
    await Promise.all(settled.map(({ value }) => value?.opened.close()));
  }
  return {
    id: trial.id,
    title: trial.title,
    entries: running.map(({ entry: { name, raw, nest }, rounds }) => ({ name, raw, nest, rounds })),
  };
}

function entriesFor(trial, scale) {
  if (scale.name === 'full') return trial.entries;
  const names = scale.name === 'smoke' ? trial.smoke : trial.quick;
  return names === undefined ? trial.entries : trial.entries.filter(({ name }) => names.includes(name));
}
