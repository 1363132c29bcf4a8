import type { RunningContender } from './contender.js';
import { sum } from './figures.js';
import { msUntil } from './hearing.js';
import type { Load } from './load.js';
import type { LoadListener } from './load.listener.js';

/** What was sent, what arrived, and what somebody says is missing. */
export interface LossAccount {
  readonly sent: number;
  readonly lost: number;
  /** What the gaps say is missing. */
  readonly reported: number;
  /** Events that came more than once. */
  readonly repeated: number;
}

/** Enough to see that events flow on each channel. */
const SOME_EVENTS = 200;
/** What Redis has accepted is on its way to whoever hears at all. */
const ARRIVES_WITHIN_MS = 3_000;

/**
 * Ends the load, waits for its last events, and settles who got what. Whoever tells of gaps has told of all of them once
 * it is closed.
 */
export async function settleAccount(
  load: Load,
  listener: LoadListener,
  service: RunningContender,
): Promise<LossAccount> {
  const sent = await load.stop();
  await msUntil(() => listener.isComplete, ARRIVES_WITHIN_MS);
  const lost = sent - listener.handled;
  if (service.bus !== undefined) await service.close();
  return { sent, lost, reported: missedIn(service), repeated: listener.repeated };
}

/** Resolves when new events have come, or do not come any more. */
export async function flow(listener: LoadListener, events = SOME_EVENTS): Promise<number | undefined> {
  const { handled } = listener;
  return msUntil(() => listener.handled >= handled + events);
}

/** Nothing came twice, and what is missing is known exactly. */
export function expectExact({ lost, reported, repeated }: LossAccount): void {
  expect(repeated).toBe(0);
  expect(reported).toBe(lost);
}

/** What its gaps say is missing. All that it tells of, once it is closed. */
export function missedIn({ gaps }: RunningContender): number {
  return sum(gaps.map(({ missed }) => missed ?? 0));
}
