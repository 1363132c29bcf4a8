import type { Gap } from 'nestjs-redis-event-bus';
import type { SoakListener } from './soak.listener.js';
import type { PublishedEvent } from './soak.traffic.js';

/** What was published, what arrived, and what is missing. */
export interface SoakAccount {
  readonly accepted: number;
  readonly unconfirmed: number;
  readonly notSent: number;
  /** Events that the service handled. */
  readonly handled: number;
  /** Of those, the ones that not every handler got whose targets match. */
  readonly handledByFew: number;
  /**
   * Events that took a number and that no handler got: accepted ones, and unconfirmed ones. The bus watches the
   * numbers of a channel once for all its handlers.
   */
  readonly lost: number;
  /** Of those, the ones that Redis had accepted. */
  readonly acceptedAndLost: number;
  /** Published with an error that says that nothing was sent, and handled. */
  readonly handledUnsent: readonly string[];
  /** Accepted and not handled, be it by one handler alone, with no gap that tells so by its time and its targets. */
  readonly untold: readonly string[];
}

/** @param gaps that were told of */
export function accountOf(
  events: readonly PublishedEvent[],
  listeners: readonly SoakListener[],
  gaps: readonly Gap[],
): SoakAccount {
  const of = (outcome: PublishedEvent['outcome']) => events.filter((event) => event.outcome === outcome);
  const concernedBy = ({ channel }: PublishedEvent) =>
    listeners.filter(({ channels }) => channels.includes(channel));
  const isHandled = (event: PublishedEvent) => concernedBy(event).some((listener) => listener.has(event));
  const missedBy = (event: PublishedEvent) => concernedBy(event).filter((listener) => !listener.has(event));
  const [accepted, unconfirmed, notSent] = [of('accepted'), of('unconfirmed'), of('not sent')];
  const sent = [...accepted, ...unconfirmed];
  const lost = sent.filter((event) => !isHandled(event));
  return {
    accepted: accepted.length,
    unconfirmed: unconfirmed.length,
    notSent: notSent.length,
    handled: sent.length - lost.length,
    handledByFew: sent.filter((event) => isHandled(event) && missedBy(event).length > 0).length,
    lost: lost.length,
    acceptedAndLost: lost.filter(({ outcome }) => outcome === 'accepted').length,
    handledUnsent: notSent.filter(isHandled).map(({ channel, n }) => `${channel} ${n}`),
    untold: accepted.flatMap((event) =>
      missedBy(event)
        .filter((listener) => !gaps.some((gap) => tellsOf(gap, event, listener)))
        .map(({ name }) => `${event.channel} ${event.n} to ${name}`),
    ),
  };
}

/** Redis took the event at some time between its call and its end. */
function tellsOf(
  { fromMs, toMs, targets }: Gap,
  { channel, sentAtMs, settledAtMs = sentAtMs }: PublishedEvent,
  listener: SoakListener,
): boolean {
  if (fromMs > settledAtMs || toMs < sentAtMs) return false;
  return targets.some((target) => target === channel || listener.targets.includes(target));
}
