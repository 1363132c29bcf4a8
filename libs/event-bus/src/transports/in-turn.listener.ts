import type { IncomingMessage, TransportListener } from './event.transport.js';
import { ListenerRelay } from './listener.relay.js';

/**
 * Hands on one call at a time, and contains what it throws. A transport may deliver within the very call that publishes, and a
 * handler may publish: a call that arrives during another one follows it, so that nobody hears of the second event before the
 * first. A listener is to throw nothing; what one throws nevertheless would end the process in a transport, or lose what came
 * in the same chunk.
 */
export class InTurnListener extends ListenerRelay {
  private isBusy = false;
  private later: (() => void)[] = [];

  constructor(
    listener: TransportListener,
    /** Gets what a call threw. Must not throw. */
    private readonly failed: (error: unknown) => void = () => undefined,
  ) {
    super(listener);
  }

  /** The listener as one that takes turns: itself, where it does already, so that no call is contained twice. */
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
    // What these calls cause is appended while they run.
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
