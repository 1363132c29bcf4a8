/**
 * A text from outside for a log line: what would break the line, act on a terminal or hide from the eye (controls, line
 * separators, format characters, lone surrogates) becomes an escape such as `\u202e`. Of an error it is the message.
 */
export function oneLine(value: unknown): string {
  const text = value instanceof Error ? value.message : String(value);
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
