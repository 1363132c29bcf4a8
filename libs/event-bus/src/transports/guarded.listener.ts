import type { IncomingMessage, TransportListener } from './event.transport.js';
import { ListenerRelay } from './listener.relay.js';

/**
 * Contains what a listener throws, whose contract is to throw nothing: in a transport it would end the process, or lose what
 * came in the same chunk.
 */
export class GuardedListener extends ListenerRelay {
  constructor(
    listener: TransportListener,
    /** Gets what a call threw. Must not throw. */
    private readonly failed: (error: unknown) => void = () => undefined,
  ) {
    super(listener);
  }

  override message(message: IncomingMessage): void {
    try {
      this.listener.message(message);
    } catch (error) {
      this.failed(error);
    }
  }

  protected override pass(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.failed(error);
    }
  }
}
