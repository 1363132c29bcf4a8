import { Observable, filter, firstValueFrom, map } from 'rxjs';
import { BusClosedError } from '../errors.js';
import type { Gap } from '../gaps/gap.js';
import type { TransportStatus } from '../transports/event.transport.js';
import type { StatusSource } from './status.source.js';

/**
 * - `connecting`: starting; not every subscription is confirmed yet.
 * - `ready`: Redis has confirmed every subscription on a live link.
 * - `degraded`: the link was lost or a subscription is denied, and events may be missed; it recovers automatically.
 * - `closed`: the application is shutting down, and the bus has drained: nothing is received any more.
 */
export type EventBusState = TransportStatus;

/** Whether the bus works right now, e.g. for a health check. */
export class EventBusStatus {
  readonly #source: StatusSource;

  /** The current state, then every change. Completes when the bus has drained or is closed. */
  readonly changes: Observable<EventBusState> = new Observable((subscriber) => {
    subscriber.next(this.current);
    if (this.current !== 'closed') return this.#source.states.add(subscriber);
    subscriber.complete();
    return undefined;
  });

  /**
   * Every {@link Gap} after the subscription, as `@OnGap` methods get them. Completes when the bus has drained or is closed.
   */
  readonly gaps: Observable<Gap> = new Observable((subscriber) => {
    if (this.current !== 'closed') return this.#source.gaps.add(subscriber);
    subscriber.complete();
    return undefined;
  });

  /** @internal */
  constructor(source: StatusSource) {
    this.#source = source;
  }

  /** The state right now. */
  get current(): EventBusState {
    return this.#source.current;
  }

  /** Why the bus is not ready, in words. Undefined when it is. */
  get reason(): string | undefined {
    return this.#source.reason;
  }

  /**
   * Resolves when the bus is ready, immediately if it is.
   * Do not await it in `onModuleInit` or `onApplicationBootstrap`: the bus becomes ready in that very step.
   * @throws BusClosedError when the bus has drained or is closed instead.
   */
  async whenReady(): Promise<void> {
    const settled = this.changes.pipe(
      map((state) => {
        if (state === 'closed') throw new BusClosedError();
        return state === 'ready';
      }),
      filter(Boolean),
    );
    await firstValueFrom(settled);
  }
}
