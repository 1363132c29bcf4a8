export interface TargetData {
  readonly trial: string;
  readonly entry?: string;
  readonly figure: string;
  readonly by?: 'ratio' | 'difference';
  readonly atMost?: Readonly<Record<string, number | 'noise'>>;
  readonly atLeast?: Readonly<Record<string, number | 'noise'>>;
}

export interface TrialResult {
  readonly id: string;
  readonly skipped?: string;
  readonly entries: readonly {
    readonly name: string;
    readonly rounds: readonly Readonly<Record<string, number>>[];
  }[];
}

/** How one limit of a target stands: against one other entry. */
export interface Verdict {
  readonly trial: string;
  readonly entry: string;
  readonly figure: string;
  readonly by: 'ratio' | 'difference';
  readonly against: string;
  readonly limit: number | 'noise';
  readonly isAtLeast: boolean;
  /** Whether the limit is what two equal things were apart. */
  readonly isNoise?: boolean;
  readonly measured?: number;
  readonly isMet?: boolean;
  /** Of raw again to raw, in the same figure. */
  readonly noise?: number;
  readonly skipped?: string;
}

export function verdictsOf(targets: readonly TargetData[], trials: readonly TrialResult[]): Verdict[];
