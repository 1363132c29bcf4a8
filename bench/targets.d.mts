import type { TargetData } from './report/verdicts.mjs';

export const TARGETS: readonly TargetData[];
