import { consoleCase } from './console.case.mjs';
import { local } from './local.case.mjs';
import { observed } from './observed.case.mjs';
import { p1 } from './p1.case.mjs';
import { p10 } from './p10.case.mjs';
import { p2 } from './p2.case.mjs';
import { p3 } from './p3.case.mjs';
import { p4 } from './p4.case.mjs';
import { p5 } from './p5.case.mjs';
import { p6 } from './p6.case.mjs';
import { p7 } from './p7.case.mjs';
import { p8 } from './p8.case.mjs';
import { p9 } from './p9.case.mjs';
import { protocol } from './protocol.case.mjs';
import { reporting } from './reporting.case.mjs';
import { roads } from './roads.case.mjs';
import { targets } from './targets.case.mjs';

/** The trials of each case, by the name that `--case` takes. */
export const CASES = new Map([
  ['P1', p1],
  ['P2', p2],
  ['P3', p3],
  ['P4', p4],
  ['P5', p5],
  ['P6', p6],
  ['P7', p7],
  ['P8', p8],
  ['P9', p9],
  ['P10', p10],
  ['targets', targets],
  ['protocol', protocol],
  ['roads', roads],
  ['local', local],
  ['observed', observed],
  ['reporting', reporting],
  ['console', consoleCase],
]);
