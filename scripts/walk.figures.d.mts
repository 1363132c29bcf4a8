export function walkFigures(steps: readonly string[]): {
  readonly files: readonly string[];
  readonly moves: number;
  readonly movesBack: number;
};
export function documentedFiles(page: string): string[];
export function walkProblems(documented: readonly string[], steps: readonly string[]): string[];
