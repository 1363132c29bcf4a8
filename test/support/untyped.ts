/** A value as JavaScript code may pass it: no type keeps it from being wrong. */
export function untyped(value: unknown): never {
  return value as never;
}
