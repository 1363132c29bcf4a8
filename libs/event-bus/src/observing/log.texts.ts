import { HttpException } from '@nestjs/common';
import { GroupClaimError, PayloadInvalidError, PayloadTooLargeError, reasonOf } from '../errors.js';
import { describeThrown, isA, textOf } from '../foreign.js';
import type { NoticedFact } from './bus.facts.js';
import type { LogLine, LogValue } from './log.line.js';
import { listed, quoted } from './log.line.js';

const MAX_MESSAGES = 20;
/** A reason ends with what to do about it, so it must not be cut earlier. */
export const MAX_REASON_LENGTH = 384;
/** The limit of a notice: a failed start names every refused subscription. */
const MAX_FIELD_LENGTH = 8_192;

/** The number of lines left out before this one, if any. */
export function countOf(unlogged: number): number | undefined {
  return unlogged > 0 ? unlogged : undefined;
}

/** The line of a notice. */
export function noticeLine({ sentence, fields, advice }: Omit<NoticedFact, 'bus'>): LogLine {
  const values = Object.entries(fields).map(([name, value]) => [name, valueOf(value)] as const);
  return { sentence, fields: Object.fromEntries(values), advice };
}

export function whyDropped(error: unknown): string {
  if (isA(error, PayloadTooLargeError)) return 'it is too large';
  if (isA(error, GroupClaimError)) return 'its group cannot claim it';
  return isA(error, PayloadInvalidError)
    ? 'its payload does not fit the contract'
    : 'its payload cannot be read';
}

export function nameOf(thrown: unknown): string {
  return describeThrown(thrown).name ?? 'thrown';
}

/** `"TypeError: …"`. */
export function describe(thrown: unknown): LogValue {
  return quoted(`${nameOf(thrown)}: ${reasonOf(messageListOf(thrown) ?? thrown)}`, MAX_REASON_LENGTH);
}

function valueOf(value: string | number | readonly string[]): LogValue {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? quoted(value, MAX_FIELD_LENGTH) : listed(value);
}

/** Nest's validation pipes put the problems into the response, as a list. */
function messageListOf(thrown: unknown): string | undefined {
  if (!isA(thrown, HttpException)) return undefined;
  try {
    const { message } = thrown.getResponse() as { readonly message?: unknown };
    return Array.isArray(message) ? message.slice(0, MAX_MESSAGES).map(textOf).join('; ') : undefined;
  } catch {
    return undefined;
  }
}
