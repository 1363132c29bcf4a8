import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type {
  IncomingMessage,
  Interruption,
  TransportListener,
  TransportState,
  TransportWarning,
} from './event.transport.js';

/** Forwards every call unchanged. Override individual calls, or {@link pass} for all except messages. */
export class ListenerRelay implements TransportListener {
  constructor(protected readonly listener: TransportListener) {}

  /** Does not use {@link pass}: that would cost a closure for each message. */
  message(message: IncomingMessage): void {
    this.listener.message(message);
  }

  confirmed(targets: readonly SubscriptionTarget[]): void {
    this.pass(() => this.listener.confirmed(targets));
  }

  released(targets: readonly SubscriptionTarget[]): void {
    this.pass(() => this.listener.released(targets));
  }

  denied(targets: readonly SubscriptionTarget[], sinceMs?: number): void {
    this.pass(() => this.listener.denied(targets, sinceMs));
  }

  resumed(interruption: Interruption): void {
    this.pass(() => this.listener.resumed(interruption));
  }

  writable(): void {
    this.pass(() => this.listener.writable());
  }

  state(state: TransportState): void {
    this.pass(() => this.listener.state(state));
  }

  warned(warning: TransportWarning): void {
    this.pass(() => this.listener.warned(warning));
  }

  protected pass(call: () => void): void {
    call();
  }
}
