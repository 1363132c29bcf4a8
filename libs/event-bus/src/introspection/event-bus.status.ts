import { Observable, filter, firstValueFrom, map } from 'rxjs';
import { CallContext } from '../dispatching/call.context.js';
import { BusClosedError } from '../errors.js';
import type { Gap } from '../gaps/gap.js';
import type { TransportState, TransportStatus } from '../transports/event.transport.js';
import { ContainedEmitter } from './contained.emitter.js';

/**
 * - `connecting`: starting; not every subscription is confirmed yet.
 * - `ready`: Redis has confirmed every subscription on a live link.
 * - `degraded`: the link was lost or a subscription is denied, and events may be missed; it recovers by itself.
 * - `closed`: the application is shutting down.
 */
export type EventBusState = TransportStatus;

/** Whether the bus works right now, e.g. for a health check. */
export class EventBusStatus {
  private readonly stateEmitter: ContainedEmitter<EventBusState>;
  private readonly gapEmitter: ContainedEmitter<Gap>;
  private state: EventBusState = 'connecting';
  private transport: TransportState = { status: 'connecting' };
  private isStarted = false;
  private isLate = false;

  /** The current state, then every change of it. Completes when the bus is closed. */
  readonly changes: Observable<EventBusState> = new Observable((subscriber) => {
    subscriber.next(this.state);
    if (this.state !== 'closed') return this.stateEmitter.add(subscriber);
    subscriber.complete();
    return undefined;
  });

  /** Every {@link Gap} from the subscription on, as `@OnGap` methods get them. Completes when the bus is closed. */
  readonly gaps: Observable<Gap> = new Observable((subscriber) => {
    if (this.state !== 'closed') return this.gapEmitter.add(subscriber);
    subscriber.complete();
    return undefined;
  });

  /** @internal @param failed gets what a subscriber throws that rxjs does not report by itself */
  constructor(failed: (error: unknown) => void = () => undefined, context = new CallContext()) {
    this.stateEmitter = new ContainedEmitter(failed, context);
    this.gapEmitter = new ContainedEmitter(failed, context);
  }

  get current(): EventBusState {
    return this.state;
  }

  /** Why the bus is not ready, for people. Undefined when it is. */
  get reason(): string | undefined {
    return this.transport.reason;
  }

  /**
   * Resolves when the bus is ready, at once when it is.
   * Do not await it in `onModuleInit` or `onApplicationBootstrap`: the bus becomes ready in that very step.
   * @throws BusClosedError when the bus is closed instead.
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

  /** Every handler's subscriptions are answered: from now on the transport's state is the bus' state. */
  start(): void {
    this.isStarted = true;
    this.update(this.transport);
  }

  /** The application runs although the bus has not started yet. */
  degrade(): void {
    this.isLate = true;
    this.update(this.transport);
  }

  update(state: TransportState): void {
    this.transport = state;
    const next = this.stateOf(state.status);
    if (next === this.state || this.state === 'closed') return;
    this.state = next;
    this.stateEmitter.next(next);
    if (next !== 'closed') return;
    this.stateEmitter.complete();
    this.gapEmitter.complete();
  }

  /** Tells of a gap. */
  report(gap: Gap): void {
    this.gapEmitter.next(gap);
  }

  private stateOf(status: TransportStatus): EventBusState {
    const isStarting = status === 'connecting' || (status === 'ready' && !this.isStarted);
    if (!isStarting) return status;
    return this.isLate ? 'degraded' : 'connecting';
  }
}
