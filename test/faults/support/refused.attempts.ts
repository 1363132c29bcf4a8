import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const CLIENT_SOCKETS = 'net.client.socket';

/** Counts the connections that this process tried to make to a port of loopback and that were refused. */
export class RefusedAttempts {
  count = 0;

  constructor(
    private readonly port: number,
    private readonly onRefused: () => void = () => undefined,
  ) {
    subscribe(CLIENT_SOCKETS, this.watch);
  }

  stop(): void {
    unsubscribe(CLIENT_SOCKETS, this.watch);
  }

  private readonly watch = (message: unknown): void => {
    (message as { socket: Socket }).socket.on('error', (error: NodeJS.ErrnoException & { port?: number }) => {
      if (error.code !== 'ECONNREFUSED' || error.port !== this.port) return;
      this.count += 1;
      this.onRefused();
    });
  };
}
