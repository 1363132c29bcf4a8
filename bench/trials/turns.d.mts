export type Figures = Readonly<Record<string, number>>;

export function takeTurns(
  opened: readonly { round(events: number): Promise<Figures>; readonly isBegunAnew?: boolean }[],
  pace: { readonly rounds: number; readonly turnMs: number; readonly warmUpMs: number },
  measured: (index: number, figures: Figures) => void,
): Promise<void>;
