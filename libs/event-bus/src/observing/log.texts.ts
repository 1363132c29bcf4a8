import { HttpException } from '@nestjs/common';
import { GroupClaimError, PayloadInvalidError, PayloadTooLargeError, quote, reasonOf } from '../errors.js';
import { describeThrown, isA, textOf } from '../foreign.js';
import type { NoticedFact } from './bus.facts.js';

/** In one line; a gap after a lost connection has all of them. */
const MAX_NAMED = 5;
const MAX_MESSAGES = 20;
/** What to do about it stands at the end of a reason. */
export const MAX_REASON_LENGTH = 384;
/** Of a notice: why a start failed names every subscription that was refused. */
const MAX_FIELD_LENGTH = 8_192;

/** `"a", "b" and 3 more`. */
export function namesOf(names: readonly string[]): string {
  const named = names
    .slice(0, MAX_NAMED)
    .map((name) => quote(name))
    .join(', ');
  return names.length > MAX_NAMED ? `${named} and ${names.length - MAX_NAMED} more` : named;
}

/** Of the lines that were left out before this one. */
export function unloggedField(count: number): string {
  return count > 0 ? ` unlogged=${count}` : '';
}

/** The line of a notice: `sentence (name=value …). advice`. */
export function noticeLine({ sentence, fields, advice }: Omit<NoticedFact, 'bus'>): string {
  const list = Object.entries(fields).map(([name, value]) => `${name}=${fieldOf(value)}`);
  const said = list.length === 0 ? sentence : `${sentence} (${list.join(' ')})`;
  return advice === undefined ? said : `${said}. ${advice}`;
}

export function whyDropped(error: unknown): string {
  if (isA(error, PayloadTooLargeError)) return 'it is too large';
  if (isA(error, GroupClaimError)) return 'its group cannot share it';
  return isA(error, PayloadInvalidError)
    ? 'its payload does not fit the contract'
    : 'its payload cannot be read';
}

export function nameOf(thrown: unknown): string {
  return describeThrown(thrown).name ?? 'thrown';
}

/** `"TypeError: …"`. */
export function describe(thrown: unknown): string {
  return quote(`${nameOf(thrown)}: ${reasonOf(messageListOf(thrown) ?? thrown)}`, MAX_REASON_LENGTH);
}

function fieldOf(value: string | number | readonly string[]): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? quote(value, MAX_FIELD_LENGTH) : namesOf(value);
}

/** Nest's validation pipes put what is wrong into the response, as a list. */
function messageListOf(thrown: unknown): string | undefined {
  if (!isA(thrown, HttpException)) return undefined;
  try {
    const { message } = thrown.getResponse() as { readonly message?: unknown };
    return Array.isArray(message) ? message.slice(0, MAX_MESSAGES).map(textOf).join('; ') : undefined;
  } catch {
    return undefined;
  }
}
