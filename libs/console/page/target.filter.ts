/**
 * Which channels a filter shows: a glob as Redis has it if the text has a glob character, else every channel that contains the
 * text. A filter shows too much rather than too little: an unfinished class takes any character.
 */
export function matcherOf(text: string): (channel: string) => boolean {
  const wanted = text.trim();
  if (wanted === '') return () => true;
  if (!/[*?[\\]/.test(wanted)) {
    const lower = wanted.toLowerCase();
    return (channel) => channel.toLowerCase().includes(lower);
  }
  const pattern = new RegExp(`^${[...stepsOf(wanted)].join('')}$`, 'su');
  return (channel) => pattern.test(channel);
}

function* stepsOf(glob: string): Generator<string> {
  for (const [token] of glob.matchAll(/\\.|\[(\^?)((?:\\.|[^\]\\])*)\]|\*+|./gsu)) {
    if (token.startsWith('*')) yield '.*?';
    else if (token === '?' || token === '[') yield '.';
    else if (token.length > 1 && token.startsWith('[')) yield classOf(token);
    else yield escaped(token.length > 1 ? token.slice(1) : token);
  }
}

function classOf(token: string): string {
  const isNegated = token.startsWith('[^');
  const members = token.slice(isNegated ? 2 : 1, -1);
  try {
    const source = `[${isNegated ? '^' : ''}${members.replaceAll(/[[\]&|~^]/g, String.raw`\$&`)}]`;
    return new RegExp(source, 'su').source;
  } catch {
    return '.';
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
}
