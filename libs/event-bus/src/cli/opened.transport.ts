import { withDeadline } from '../deadline.js';
import type { EventTransport, TransportListener, TransportState } from '../transports/event.transport.js';
import type { ServerAccess } from './server.access.js';
import type { Terminal } from './terminal.js';

const SILENT: TransportListener = {
  message: () => undefined,
  confirmed: () => undefined,
  released: () => undefined,
  denied: () => undefined,
  resumed: () => undefined,
  writable: () => undefined,
  state: () => undefined,
  warned: () => undefined,
};

/** What a command wants to hear of its transport. */
export type Heard = Partial<Omit<TransportListener, 'state' | 'writable'>>;

/**
 * Connects, calls `use`, and closes in any case. Ctrl-C ends it while it connects.
 *
 * @throws Error when there is no connection in time, with the reason
 */
export async function withTransport<T>(
  { transport: factory, timeoutMs }: Pick<ServerAccess, 'transport' | 'timeoutMs'>,
  terminal: Terminal,
  heard: Heard,
  use: (transport: EventTransport) => Promise<T>,
): Promise<T> {
  const states = new StateNotes(terminal);
  const transport = factory.create({
    ...SILENT,
    state: (state) => states.changed(state),
    warned: ({ sentence, advice }) =>
      terminal.note(advice === undefined ? sentence : `${sentence}. ${advice}`),
    ...heard,
  });
  const close = () => void transport.close();
  terminal.signal.addEventListener('abort', close, { once: true });
  try {
    await withDeadline(transport.connect(), timeoutMs, () => {
      const { reason = 'no answer' } = transport.state;
      return new Error(`No connection to ${transport.address} within ${timeoutMs} ms: ${reason}.`);
    });
    return await use(transport);
  } finally {
    terminal.signal.removeEventListener('abort', close);
    await transport.close();
  }
}

/** Says once that there is no connection and why, and once that it is back. */
class StateNotes {
  private isTroubled = false;
  private wasReady = false;

  constructor(private readonly terminal: Terminal) {}

  changed({ status, reason, error, isRefused }: TransportState): void {
    if (status === 'ready') {
      if (this.isTroubled && this.wasReady) this.terminal.note('Connected again.');
      this.isTroubled = false;
      this.wasReady = true;
    } else if (error !== undefined && isRefused !== true && !this.isTroubled) {
      this.isTroubled = true;
      this.terminal.note(`Not connected, trying again: ${reason ?? error.message}.`);
    }
  }
}
