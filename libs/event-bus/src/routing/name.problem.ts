/** Why this text cannot be in a name at the broker, or undefined when it can. Every name that a user gives is asked about here. */
export function nameProblem(text: string): string | undefined {
  return text.isWellFormed()
    ? undefined
    : 'it has half of a surrogate pair, which is sent as another character. Do not cut texts within a character, or call toWellFormed().';
}
