import type { EventHandler } from '../dispatching/event.handler.js';
import { EventBusError, StartupError, TransportRefusedError, reasonOf } from '../errors.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { targetKey } from '../routing/subscription-target.js';
import type { SubscribeOutcome } from '../transports/event.transport.js';

/** Names the owners of a subscription that the broker refused: `handlers: OrderNotifier.notify`. */
export type DescribeOwners = (target: SubscriptionTarget) => string;

/** Describes owners that are single handlers. */
export function handlersOf(handlers: readonly EventHandler[]): DescribeOwners {
  return (target) => {
    const key = targetKey(target);
    const names = handlers
      .filter((handler) => handler.targets.some(({ subscription }) => targetKey(subscription) === key))
      .map((handler) => handler.name);
    return `handlers: ${names.join(', ')}`;
  };
}

/** @throws StartupError when the broker refused a subscription */
export function throwRefusal(outcomes: readonly SubscribeOutcome[], describeOwners: DescribeOwners): void {
  const refused = outcomes.filter((outcome) => outcome.error !== undefined);
  if (refused.length === 0) return;
  const lines = refused.map(({ target, error }) => `${error?.message} (${describeOwners(target)})`);
  throw new StartupError([...new Set(lines)].join('\n'), { cause: refused[0]?.error });
}

/** Turns anything that was thrown into the reason why the bus could not start. */
export function toStartupError(error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  const message =
    error instanceof EventBusError ? error.message : `The event bus cannot start: ${reasonOf(error)}`;
  // The cause is the error of the connection, not the package's own wording of it.
  const cause = error instanceof TransportRefusedError ? (error.cause ?? error) : error;
  return new StartupError(message, { cause });
}
