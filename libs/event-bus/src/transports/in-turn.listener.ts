import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { Interruption, TransportListener, TransportState, TransportWarning } from './event.transport.js';

/**
 * Hands on one call at a time. A transport may deliver within the very call that publishes, and a handler may publish: what
 * it says while a call is going on comes behind that call, so that nobody hears of the second event before the first.
 */
export class InTurnListener implements TransportListener {
  private isBusy = false;
  private later: (() => void)[] = [];

  constructor(
    private readonly listener: TransportListener,
    /** What a call threw, which is to throw nothing. Must not throw. */
    private readonly failed: (error: unknown) => void,
  ) {}

  message(target: SubscriptionTarget, channel: string, body: Buffer, node?: string): void {
    if (this.isBusy) {
      this.later.push(() => this.listener.message(target, channel, body, node));
      return;
    }
    this.isBusy = true;
    try {
      this.listener.message(target, channel, body, node);
    } catch (error) {
      this.failed(error);
    }
    this.leave();
  }

  confirmed(targets: readonly SubscriptionTarget[]): void {
    this.inTurn(() => this.listener.confirmed(targets));
  }

  released(targets: readonly SubscriptionTarget[]): void {
    this.inTurn(() => this.listener.released(targets));
  }

  denied(targets: readonly SubscriptionTarget[], sinceMs?: number): void {
    this.inTurn(() => this.listener.denied(targets, sinceMs));
  }

  resumed(interruption: Interruption): void {
    this.inTurn(() => this.listener.resumed(interruption));
  }

  sendable(): void {
    this.inTurn(() => this.listener.sendable());
  }

  state(state: TransportState): void {
    this.inTurn(() => this.listener.state(state));
  }

  warned(warning: TransportWarning): void {
    this.inTurn(() => this.listener.warned(warning));
  }

  private inTurn(call: () => void): void {
    this.later.push(call);
    if (this.isBusy) return;
    this.isBusy = true;
    this.leave();
  }

  private leave(): void {
    // What these calls cause is appended while they run.
    for (let next = 0; next < this.later.length; next += 1) {
      try {
        (this.later[next] as () => void)();
      } catch (error) {
        this.failed(error);
      }
    }
    if (this.later.length > 0) this.later = [];
    this.isBusy = false;
  }
}
