import type { HandlerOptions } from '../dispatching/handler.options.js';
import { stackMetadata } from './stacked.metadata.js';
import type { OnEventMetadata } from './on-event.decorator.js';
import { ON_EVENT } from './on-event.decorator.js';

/** Options of {@link OnKeyEvent}. */
export interface OnKeyEventOptions extends Omit<HandlerOptions, 'group'> {
  /**
   * The bus, by the name given in `EventBusModule.forRoot({ name })`.
   * @default 'default'
   */
  readonly bus?: string | undefined;
  /**
   * A Redis glob. Other keys are filtered out in this process, not by Redis.
   * @default every key
   */
  readonly key?: string | undefined;
  /** The number of the database. @default the database of the connection */
  readonly db?: number | undefined;
}

/**
 * Calls the method with a {@link KeyEvent} when something happens to a key in Redis: `@OnKeyEvent('expired')`, or an array of
 * events, or `'*'` for all events. Redis publishes them on `__keyevent@db__:event` if its `notify-keyspace-events` is set
 * accordingly, which is checked at the start (`keyspace: { ensure }`). On a Cluster the bus listens to every master. No prefix
 * and no codec apply.
 *
 * Otherwise it is a handler as with {@link OnEvent}: guards, pipes, interceptors, filters, order and limits apply. Redis
 * reports that a key has expired when it removes the key, not when its TTL ends.
 */
export function OnKeyEvent(
  event: string | readonly string[],
  options: OnKeyEventOptions = {},
): MethodDecorator {
  const { key, db, ...handlerOptions } = options;
  const events = typeof event === 'string' ? [event] : event;
  const metadata: OnEventMetadata = {
    targets: [],
    options: handlerOptions,
    keyEvents: { events, key, db },
  };
  return stackMetadata('@OnKeyEvent', ON_EVENT, metadata);
}
