import { counted, inMs } from '../../faults/support/figures.js';
import type { SoakOutcome } from './soak.run.js';

/** The totals, in one sentence. */
export function describeSoak(outcome: SoakOutcome): string {
  const { plan, account, reported, longestSilenceMs, deafAndReadyMs, reconnects } = outcome;
  const kinds = [...new Set(plan.map(({ kind }) => kind))].toSorted();
  const faults = kinds.map((kind) => `${plan.filter((fault) => fault.kind === kind).length} × ${kind}`);
  const { accepted, unconfirmed, notSent, handled, handledByFew, lost } = account;
  return [
    `${counted(plan.length, 'fault')} (${faults.join(', ')})`,
    `${accepted} events accepted, ${unconfirmed} unconfirmed, ${notSent} refused unsent`,
    `${handled} handled (${handledByFew} not by every handler)`,
    `reported ${reported} of ${lost} lost`,
    `${counted(reconnects, 'reconnect')}`,
    `deaf for ${inMs(longestSilenceMs)} at most, for ${inMs(deafAndReadyMs)} unknowingly`,
  ].join('; ');
}
