export interface TargetData {
  readonly trial: string;
  readonly entry?: string;
  readonly against: string;
  readonly figure: string;
  readonly by?: 'ratio' | 'difference';
  readonly limit: number;
  readonly atLeast?: boolean;
}

export interface TrialResult {
  readonly id: string;
  readonly skipped?: string;
  readonly entries: readonly {
    readonly name: string;
    readonly rounds: readonly Readonly<Record<string, number>>[];
  }[];
}

export interface Verdict {
  readonly target: TargetData;
  readonly measured?: number;
  readonly isMet?: boolean;
  readonly skipped?: string;
}

export function verdictsOf(targets: readonly TargetData[], trials: readonly TrialResult[]): Verdict[];
