/** Strings have this from Node 20 on; the types of ES2023 do not know it. */
interface MaybeWellFormed {
  isWellFormed(): boolean;
}

/** Why this text cannot be in a name at the broker, or undefined when it can. Every name that a user gives is asked about here. */
export function nameProblem(text: string): string | undefined {
  return (text as unknown as MaybeWellFormed).isWellFormed()
    ? undefined
    : 'it has half of a surrogate pair, which is sent as another character. Do not cut texts within a character, or call toWellFormed().';
}
