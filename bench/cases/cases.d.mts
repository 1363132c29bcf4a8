export interface Trial {
  readonly id: string;
  readonly kind: string;
  readonly entries: readonly { readonly name: string; readonly contender: string }[];
}

export const CASES: ReadonlyMap<string, readonly Trial[]>;
