export const FIGURES: Readonly<
  Record<string, { readonly head: string; readonly name: string; readonly digits: number }>
>;
