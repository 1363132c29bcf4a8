import type { IncomingMessage, TransportListener } from './event.transport.js';
import { GuardedListener } from './guarded.listener.js';
import { ListenerRelay } from './listener.relay.js';

/**
 * Hands on one call at a time. A transport may deliver within the very call that publishes, and a handler may publish: a call
 * that arrives during another one follows it, so that nobody hears of the second event before the first.
 */
export class InTurnListener extends ListenerRelay {
  private isBusy = false;
  private later: (() => void)[] = [];

  constructor(
    listener: TransportListener,
    /** Gets what a call threw, which is to throw nothing. Must not throw. */
    failed: (error: unknown) => void,
  ) {
    super(new GuardedListener(listener, failed));
  }

  override message(message: IncomingMessage): void {
    if (this.isBusy) {
      this.later.push(() => this.listener.message(message));
      return;
    }
    this.isBusy = true;
    this.listener.message(message);
    this.leave();
  }

  protected override pass(call: () => void): void {
    this.later.push(call);
    if (this.isBusy) return;
    this.isBusy = true;
    this.leave();
  }

  private leave(): void {
    // What these calls cause is appended while they run.
    for (let next = 0; next < this.later.length; next += 1) (this.later[next] as () => void)();
    if (this.later.length > 0) this.later = [];
    this.isBusy = false;
  }
}
