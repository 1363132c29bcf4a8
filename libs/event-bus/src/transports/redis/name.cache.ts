/** The memory is bounded, since anybody who publishes chooses the channels that a pattern delivers. */
const PLACES = 8_192;
const MAX_NAME_BYTES = 128;
/** One of so many names that find their place taken replaces the name that is there: most of a larger set keep their places. */
const REPLACED_EVERY = 16;

/** Decodes names of channels and patterns, and remembers those of ASCII characters. Each name has one place, by its bytes. */
export class NameCache {
  private readonly names: (string | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  private misses = 0;

  /** Decodes these bytes as UTF-8. */
  textOf(chunk: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > MAX_NAME_BYTES) return chunk.toString('utf8', start, end);
    let hash = length;
    for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (chunk[at] as number)) | 0;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.names[place];
    if (known !== undefined && isSame(known, chunk, start, length)) return known;
    const text = chunk.toString('utf8', start, end);
    this.misses += 1;
    if (known === undefined || this.misses % REPLACED_EVERY === 0) this.names[place] = text;
    return text;
  }
}

/** Never true for other than ASCII characters: they are longer as bytes, or U+FFFD. */
function isSame(name: string, chunk: Buffer, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (name.charCodeAt(at) !== chunk[start + at]) return false;
  return true;
}
