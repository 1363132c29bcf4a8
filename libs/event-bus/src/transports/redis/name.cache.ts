/** The memory is bounded, since anybody who publishes chooses the channels that a pattern delivers. */
const PLACES = 1_024;
const MAX_NAME_BYTES = 128;

interface KnownName {
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Decodes names of channels and patterns, and remembers them by their bytes. A name has one place, where it replaces the name that was
 * there before.
 */
export class NameCache {
  private readonly names: (KnownName | undefined)[] = Array.from({ length: PLACES }, () => undefined);

  /** Decodes these bytes as UTF-8. */
  textOf(chunk: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > MAX_NAME_BYTES) return chunk.toString('utf8', start, end);
    let hash = length;
    for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (chunk[at] as number)) | 0;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.names[place];
    if (known !== undefined && isSame(known.bytes, chunk, start, length)) return known.text;
    const text = chunk.toString('utf8', start, end);
    this.names[place] = { bytes: Buffer.from(chunk.subarray(start, end)), text };
    return text;
  }
}

function isSame(bytes: Buffer, chunk: Buffer, start: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (bytes[at] !== chunk[start + at]) return false;
  return true;
}
