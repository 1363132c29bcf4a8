/**
 * Formats external text for a log line: characters that would break the line, affect a terminal or be invisible (controls, line
 * separators, format characters, lone surrogates) become escapes such as `\u202e`. For an error it is the message.
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
