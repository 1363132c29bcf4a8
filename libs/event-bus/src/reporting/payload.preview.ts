import { ignoreRejection, isThenable } from '../foreign.js';
import { cut } from '../printable.js';

/** The event whose payload is shown. */
export interface PreviewedEvent {
  /** The name of the bus. */
  readonly bus: string;
  /** Without the application's prefix. */
  readonly channel: string;
  /** The template that it was published with, or the matching target of the handler. Absent if there is none. */
  readonly target?: string;
  /** Whether this instance published it, or handled it. */
  readonly what: 'published' | 'handled' | 'failed';
}

/**
 * Returns what to show of a payload, or `undefined` to show nothing. It gets the payload itself: return a copy, and change
 * nothing.
 */
export type Redact = (payload: unknown, event: PreviewedEvent) => unknown;

/** The part of a tail entry that is about its payload. */
export interface ShownPayload {
  readonly payload?: string;
  readonly isHidden?: true;
}

const MAX_LENGTH = 256;
/** Turning a larger payload into JSON, for its beginning, would cost too much. */
const MAX_BYTES = 65_536;
/** A character has at most 4 bytes. */
const MAX_TEXT_BYTES = 4 * MAX_LENGTH;

const HIDDEN: ShownPayload = { isHidden: true };

/** Shows the beginning of payloads. Never throws. */
export class PayloadPreview {
  constructor(
    private readonly redact: Redact | undefined,
    /** Gets what `redact` throws. */
    private readonly failed: (error: unknown) => void,
  ) {}

  of(payload: unknown, bytes: number, event: PreviewedEvent): ShownPayload {
    if (bytes > MAX_BYTES) return HIDDEN;
    let shown = payload;
    try {
      if (this.redact !== undefined) shown = this.redact(payload, event);
      if (isThenable(shown)) {
        ignoreRejection(shown);
        throw new TypeError('redact must not be async.');
      }
    } catch (error) {
      this.failed(error);
      return HIDDEN;
    }
    return textOf(shown);
  }
}

function textOf(shown: unknown): ShownPayload {
  try {
    const text = JSON.stringify(shown instanceof Uint8Array ? beginningOf(shown) : shown) as
      string | undefined;
    return text === undefined ? HIDDEN : { payload: cut(text, MAX_LENGTH) };
  } catch {
    return HIDDEN;
  }
}

/** Bytes are shown as the text that they probably are. */
function beginningOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, Math.min(byteLength, MAX_TEXT_BYTES)).toString();
}
