import type { TrialResult } from './verdicts.mjs';

export interface Run {
  readonly versions: Readonly<Record<string, string | number>>;
  readonly trials: readonly (TrialResult & { readonly title: string; readonly options?: object })[];
}

/** Medians; undefined where there is none. */
export interface Change {
  readonly before?: number;
  readonly after?: number;
}

export interface TrialComparison {
  readonly id: string;
  readonly title: string;
  /** Why there is nothing to compare, and nothing else. */
  readonly missing?: string;
  /** Each option that is not what it was, with both values. */
  readonly options?: readonly string[];
  readonly figures?: readonly string[];
  readonly rows?: readonly {
    readonly name: string;
    readonly figures: readonly Change[];
    readonly ratio: Change;
  }[];
}

export interface Comparison {
  readonly versions: readonly string[];
  readonly trials: readonly TrialComparison[];
}

export function readRun(file: string): Run;
export function comparisonOf(before: Run, after: Run): Comparison;
