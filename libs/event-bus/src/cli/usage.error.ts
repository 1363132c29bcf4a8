/** Arguments that are wrong: one sentence that says what to write. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
