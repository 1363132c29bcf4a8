import type { HandlerOptions } from '../dispatching/handler.options.js';
import { stackMetadata } from './decorated.method.js';
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
   * A Redis glob: other keys are left out, here and not at Redis.
   * @default every key
   */
  readonly key?: string | undefined;
  /** The number of the database. @default that of the connection */
  readonly db?: number | undefined;
}

/**
 * Calls the method with a {@link KeyEvent} when something happens to a key of Redis: `@OnKeyEvent('expired')`, or an array of
 * events, `'*'` for all of them. Redis sends these on `__keyevent@db__:event` where its `notify-keyspace-events` says so, which
 * is checked at the start (`keyspace: { ensure }`); on a Cluster every master is listened to. No prefix is applied, and no
 * codec.
 *
 * Otherwise a handler as with {@link OnEvent}: guards, pipes, interceptors, filters, order and bounds. Redis reports that a
 * key has expired when it removes it, not when its time is over.
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
