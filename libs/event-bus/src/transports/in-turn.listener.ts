import type { IncomingMessage, TransportListener } from './event.transport.js';
import { ListenerRelay } from './listener.relay.js';

/**
 * Forwards one call at a time, and contains what it throws. A transport may deliver within the call that publishes, and a
 * handler may publish: a call during another call is queued behind it, so that no consumer sees the second event before the
 * first. A listener must not throw; an error would otherwise end the process in a transport, or lose the rest of the same
 * chunk.
 */
export class InTurnListener extends ListenerRelay {
  private isBusy = false;
  private later: (() => void)[] = [];

  constructor(
    listener: TransportListener,
    /** Takes what a call threw. Must not throw. */
    private readonly failed: (error: unknown) => void = () => undefined,
  ) {
    super(listener);
  }

  /**
   * Wraps the listener so that calls are queued. A listener that already does so is returned unchanged, so that no call is
   * contained twice.
   */
  static of(listener: TransportListener): TransportListener {
    return listener instanceof InTurnListener ? listener : new InTurnListener(listener);
  }

  override message(message: IncomingMessage): void {
    if (this.isBusy) {
      this.later.push(() => this.listener.message(message));
      return;
    }
    this.isBusy = true;
    try {
      this.listener.message(message);
    } catch (error) {
      this.failed(error);
    }
    if (this.later.length > 0) this.catchUp();
    this.isBusy = false;
  }

  protected override pass(call: () => void): void {
    this.later.push(call);
    if (this.isBusy) return;
    this.isBusy = true;
    this.catchUp();
    this.isBusy = false;
  }

  private catchUp(): void {
    // Calls that these cause are appended while they run.
    for (const call of this.later) {
      try {
        call();
      } catch (error) {
        this.failed(error);
      }
    }
    this.later = [];
  }
}
