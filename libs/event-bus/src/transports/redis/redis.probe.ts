import { connect as connectPlain } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { clearTimeout, setTimeout } from '../real.time.js';

/**
 * A server that rejects a connection says so at once. One that accepts it sends nothing, and the probe takes up a connection.
 */
const PROBE_TIMEOUT_MS = 1_000;
const MAX_LINE_CHARACTERS = 512;

export interface ProbeAddress {
  readonly address: NetConnectOpts;
  /** As for ioredis; absent for a plain connection. */
  readonly tls?: ConnectionOptions | undefined;
}

/**
 * A plain socket that sends nothing and reads why the server rejects it, e.g. `ERR max number of clients reached`. The driver
 * has often written to the closed socket by then, which loses the reason.
 */
export class RedisProbe {
  /** The server's error without its `-`. Undefined if it sent none. Never rejects. */
  readonly refusal: Promise<string | undefined>;
  /**
   * The error that ended TLS, once {@link refusal} is resolved. The driver may have written before it could read the server's
   * alert.
   */
  alert: Error | undefined;
  private readonly socket: Socket;
  private text = '';

  constructor({ address, tls }: ProbeAddress) {
    this.socket = tls === undefined ? connectPlain(address) : connectTls({ ...address, ...tls });
    const timer = setTimeout(() => this.cancel(), PROBE_TIMEOUT_MS);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.text = (this.text + text).slice(0, MAX_LINE_CHARACTERS);
      if (this.text.includes('\n')) this.cancel();
    });
    this.socket.on('error', (error) => {
      if (tls !== undefined) this.alert = error;
    });
    this.refusal = new Promise((resolve) => {
      this.socket.once('close', () => {
        clearTimeout(timer);
        resolve(/^-([^\r\n]+)/.exec(this.text)?.[1]);
      });
    });
  }

  cancel(): void {
    this.socket.destroy();
  }
}
