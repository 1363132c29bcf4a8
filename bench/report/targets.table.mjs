import { number } from './figures.table.mjs';
import { tableOf } from './table.mjs';

const FIGURES = {
  cpuUs: 'CPU',
  perSecond: 'events/s',
  serverUs: 'server CPU',
  p50Us: 'p50',
  bootMs: 'boot',
};

/** Each target: what it asks for, what was measured, and by how much it is missed. */
export function targetsTable(verdicts) {
  const rows = verdicts.map(({ target, measured, isMet, skipped }) => {
    const { trial, entry = 'event-bus', against, figure, by = 'ratio', limit, atLeast } = target;
    const show = (value) => (by === 'ratio' ? `${number(value, 2)} ×` : `${number(value, 0)} ms`);
    const asked = `${FIGURES[figure]} of ${entry} ${atLeast ? '≥' : '≤'} ${show(limit)} ${by === 'ratio' ? '' : 'over '}${against}`;
    if (skipped !== undefined) return [trial, asked, '', `skipped: ${skipped}`];
    const missedBy = Math.abs(measured - limit) / limit;
    return [trial, asked, show(measured), isMet ? 'met' : `missed by ${number(missedBy * 100, 0)} %`];
  });
  return tableOf(['target', 'asks for', 'measured', 'verdict'], rows, [0, 1, 3]);
}
