import { MAX_TIMER_MS } from '../option.checks.js';
import type { OptionValues } from './command.js';
import { UsageError } from './usage.error.js';

/** @throws UsageError */
export function readMilliseconds(values: OptionValues, name: string, fallback: number): number {
  const text = values[name];
  if (text === undefined) return fallback;
  const ms = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : 0;
  if (ms >= 1 && ms <= MAX_TIMER_MS) return ms;
  throw new UsageError(
    `--${name} must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}. Write --${name} ${fallback}.`,
  );
}
