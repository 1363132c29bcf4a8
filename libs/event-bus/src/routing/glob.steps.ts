/** 256 entries: 1 for each byte that is a member. */
export type ByteSet = Uint8Array;

export interface ClassStep {
  readonly kind: 'class';
  readonly members: ByteSet;
  /** The class as written, including the brackets, one character per byte. */
  readonly source: string;
  readonly isClosed: boolean;
  /** Ranges whose start is greater than their end, as bytes. */
  readonly reversedRanges: readonly string[];
}

export type Step =
  | { readonly kind: 'star' | 'anyByte' }
  | { readonly kind: 'byte' | 'loneBackslash'; readonly byte: string }
  | ClassStep;

/**
 * The UTF-8 bytes of a text as a string with one character per byte. ASCII is returned unchanged, without allocation: this is
 * why the matcher reads strings and not Buffers.
 */
export function byteString(text: string): string {
  for (let i = 0; i < text.length; i += 1) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}

export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Parsed like stringmatchlen in Redis: byte by byte. */
export function parseGlob(pattern: string): Step[] {
  const bytes = byteString(pattern);
  const steps: Step[] = [];
  for (let i = 0; i < bytes.length;) {
    const step = stepAt(bytes, i);
    steps.push(step);
    if (step.kind === 'class') i += step.source.length;
    else i += step.kind === 'byte' && bytes[i] === '\\' ? 2 : 1;
  }
  return steps;
}

function stepAt(bytes: string, at: number): Step {
  const byte = bytes.charAt(at);
  if (byte === '*') return { kind: 'star' };
  if (byte === '?') return { kind: 'anyByte' };
  if (byte === '[') return classAt(bytes, at);
  if (byte !== '\\') return { kind: 'byte', byte };
  const escaped = bytes[at + 1];
  return escaped === undefined ? { kind: 'loneBackslash', byte } : { kind: 'byte', byte: escaped };
}

/**
 * A class ends at the first `]` that is neither escaped nor the end of a range (`[a-]` is not closed), or at the end of the
 * pattern. Only `^` negates it.
 */
function classAt(bytes: string, start: number): ClassStep {
  const members = new Uint8Array(256);
  const reversedRanges: string[] = [];
  const isNegated = bytes[start + 1] === '^';
  let i = start + (isNegated ? 2 : 1);
  while (i < bytes.length && bytes[i] !== ']') {
    if (bytes[i] === '\\' && i + 1 < bytes.length) {
      members[bytes.charCodeAt(i + 1)] = 1;
      i += 2;
    } else if (bytes[i + 1] === '-' && i + 2 < bytes.length) {
      addRange(members, bytes.charCodeAt(i), bytes.charCodeAt(i + 2));
      if (bytes.charCodeAt(i) > bytes.charCodeAt(i + 2)) reversedRanges.push(bytes.slice(i, i + 3));
      i += 3;
    } else {
      members[bytes.charCodeAt(i)] = 1;
      i += 1;
    }
  }
  const isClosed = i < bytes.length;
  return {
    kind: 'class',
    members: isNegated ? members.map((isMember) => 1 - isMember) : members,
    source: bytes.slice(start, isClosed ? i + 1 : i),
    isClosed,
    reversedRanges,
  };
}

/** Redis swaps the ends of a reversed range, and compares them as `char`, which is signed on x86. */
function addRange(members: ByteSet, from: number, to: number): void {
  const low = Math.min(signed(from), signed(to));
  const high = Math.max(signed(from), signed(to));
  for (let value = low; value <= high; value += 1) members[value & 0xff] = 1;
}

function signed(byte: number): number {
  return byte > 0x7f ? byte - 256 : byte;
}

/** Whether this byte matches the step. */
export function takes(step: Step, byte: number): boolean {
  if (step.kind === 'class') return step.members[byte] === 1;
  return 'byte' in step ? step.byte.charCodeAt(0) === byte : true;
}
