import { p1 } from './p1.case.mjs';
import { p2 } from './p2.case.mjs';
import { p3 } from './p3.case.mjs';

/** The trials of each case, by the name that `--case` takes. */
export const CASES = new Map([
  ['P1', p1],
  ['P2', p2],
  ['P3', p3],
]);
