import type { Gap } from '../gaps/gap.js';
import type { TransportState, TransportStatus } from '../transports/event.transport.js';
import { CallContext } from '../dispatching/call.context.js';
import { ContainedEmitter } from './contained.emitter.js';

/** The writable side of an {@link EventBusStatus}. Only the bus has it: the injected status is read-only. */
export class StatusSource {
  readonly states: ContainedEmitter<TransportStatus>;
  readonly gaps: ContainedEmitter<Gap>;
  private state: TransportStatus = 'connecting';
  private transport: TransportState = { status: 'connecting' };
  private isStarted = false;
  private isLate = false;

  /** @param failed gets what a subscriber throws and rxjs does not report */
  constructor(failed: (error: unknown) => void = () => undefined, context = new CallContext()) {
    this.states = new ContainedEmitter(failed, context);
    this.gaps = new ContainedEmitter(failed, context);
  }

  get current(): TransportStatus {
    return this.state;
  }

  get reason(): string | undefined {
    return this.transport.reason;
  }

  /** The broker has answered for every handler's subscriptions: from now on the transport's state is the bus' state. */
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
    this.states.next(next);
    if (next !== 'closed') return;
    this.states.complete();
    this.gaps.complete();
  }

  /** Emits a gap. */
  report(gap: Gap): void {
    this.gaps.next(gap);
  }

  private stateOf(status: TransportStatus): TransportStatus {
    const isStarting = status === 'connecting' || (status === 'ready' && !this.isStarted);
    if (!isStarting) return status;
    return this.isLate ? 'degraded' : 'connecting';
  }
}
