/**
 * Divides a channel as a regular expression does: each parameter takes as much as it can, and gives back one character after
 * the other when the rest does not fit.
 *
 * @param texts what stands before, between and behind the parameters
 */
export function backtrackingMatch(texts: readonly string[], channel: string, index = 0, at = 0): boolean {
  const text = texts[index] as string;
  if (!channel.startsWith(text, at)) return false;
  const start = at + text.length;
  if (index === texts.length - 1) return start === channel.length;
  let end = start;
  while (end < channel.length && channel.charCodeAt(end) !== COLON) end += 1;
  for (; end > start; end -= 1) if (backtrackingMatch(texts, channel, index + 1, end)) return true;
  return false;
}

const COLON = ':'.charCodeAt(0);
