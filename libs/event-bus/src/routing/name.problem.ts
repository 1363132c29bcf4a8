/**
 * Why the broker cannot have a name with this text, or undefined if it can. Every name from the application is checked here.
 */
export function nameProblem(text: string): string | undefined {
  return text.isWellFormed()
    ? undefined
    : 'it has half of a surrogate pair, which would be sent as another character. Do not split text inside a character, or call toWellFormed().';
}
