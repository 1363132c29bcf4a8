import { meanOf } from '../report/statistics.mjs';

/** Enough to see that all arrive. */
const FIRST_EVENTS = 300;
const FEWEST_EVENTS = 50;
/** After fewer, much of what runs is not compiled yet. */
const WARM_UP_EVENTS = 30_000;
/** Of what a warm-up lasts at least, how many times that it may last for the sake of so many events. */
const LONGEST_WARM_UP = 4;
/** How many times more events the next part of a warm-up may have. */
const GROWTH = 4;

/**
 * Contenders that are open take turns, there and back: A B C C B A is one round, so that what makes the machine slower or
 * faster meanwhile does so for all. A machine has slow and fast seconds: the turns of one round have to fit into one of
 * them, and each contender has so many events that its turn takes `turnMs`.
 *
 * @param {readonly import('./trial.kind.mjs').OpenedTrial[]} opened
 * @param {{ rounds: number, turnMs: number, warmUpMs: number }} pace
 * @param {(index: number, figures: Record<string, number>) => void} measured is told the means of each round of each contender
 */
export async function takeTurns(opened, pace, measured) {
  const turns = [];
  for (const contender of opened)
    turns.push({ contender, events: await warmUp(contender, pace), figures: [] });
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const { contender, events, figures } of [...turns, ...turns.toReversed()]) {
      figures.push(await contender.round(events));
    }
    for (const [index, { figures }] of turns.entries()) measured(index, meanOf(figures.splice(0)));
  }
}

/** Runs the contender until its code is compiled, and returns how many events fill a turn. */
async function warmUp(contender, { turnMs, warmUpMs }) {
  if (warmUpMs === 0 || contender.isBegunAnew) return FIRST_EVENTS;
  let events = FIRST_EVENTS;
  let done = 0;
  let spentMs = 0;
  for (;;) {
    const startedAtMs = performance.now();
    await contender.round(events);
    const tookMs = performance.now() - startedAtMs;
    done += events;
    spentMs += tookMs;
    const isWarm = spentMs >= warmUpMs && (done >= WARM_UP_EVENTS || spentMs >= LONGEST_WARM_UP * warmUpMs);
    if (isWarm) return Math.max(FEWEST_EVENTS, Math.round((events * turnMs) / tookMs));
    events = Math.ceil(events * Math.min(GROWTH, warmUpMs / tookMs));
  }
}
