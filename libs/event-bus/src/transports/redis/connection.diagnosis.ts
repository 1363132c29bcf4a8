import type { Redis } from 'ioredis';
import { streamOf } from './driver.internals.js';
import { CLOSED_BY_SERVER, causeOf, isMute } from './redis.errors.js';
import { RedisProbe } from './redis.probe.js';
import type { ProbeAddress } from './redis.probe.js';
import type { RedisSecrets } from './redis.secrets.js';

/** Finds out why there is no connection: the driver's errors, or what the server says to a bare socket. */
export class ConnectionDiagnosis {
  private latestError: Error | undefined;
  /** Whether this attempt has told why it failed. */
  private isExplained = false;
  /** At most one until the link is up. */
  private probe: RedisProbe | undefined;
  private peer: { host: string; port: number } | undefined;
  private isClosed = false;

  constructor(
    private readonly redis: Pick<Redis, 'options' | 'stream'>,
    private readonly secrets: RedisSecrets,
    /** Called with each reason, without secrets. */
    private readonly found: (reason: Error) => void,
  ) {}

  /** The best reason known since the link was up. */
  get reason(): Error | undefined {
    return this.latestError;
  }

  /** Where a server last accepted a connection, which with Sentinel no option tells. */
  get peerAddress(): { readonly host: string; readonly port: number } | undefined {
    return this.peer;
  }

  /** An attempt begins. */
  begin(): void {
    this.isExplained = false;
  }

  /** The server has accepted the connection. */
  connected(): void {
    const { remoteAddress: host, remotePort: port } = streamOf(this.redis);
    if (host !== undefined && port !== undefined) this.peer = { host, port };
  }

  /** The link is up: what came before it explains nothing that follows. */
  succeeded(): void {
    this.latestError = undefined;
    this.probe?.cancel();
    this.probe = undefined;
  }

  failed(error: Error): void {
    if (this.isClosed) return;
    // What says nothing of the reason does not replace what says it.
    if (!isMute(error)) this.isExplained = true;
    else if (this.latestError !== undefined) return;
    this.latestError = causeOf(error, this.secrets) as Error;
    this.found(this.latestError);
  }

  /** The server has closed the connection before it was of any use: asks why, unless it has said so. */
  turnedAway(): void {
    if (this.isExplained) return;
    this.failed(new Error(CLOSED_BY_SERVER));
    const address = this.probe === undefined ? this.probeAddress() : undefined;
    if (address === undefined) return;
    const probe = new RedisProbe(address);
    this.probe = probe;
    void probe.refusal.then((refusal) => {
      if (this.probe !== probe) return;
      if (refusal !== undefined) this.failed(Object.assign(new Error(refusal), { name: 'ReplyError' }));
      else if (probe.alert !== undefined) this.failed(probe.alert);
    });
  }

  /** Nothing is found any more. */
  close(): void {
    this.isClosed = true;
    this.probe?.cancel();
  }

  private probeAddress(): ProbeAddress | undefined {
    const { path, host, port, family, sentinels, tls, enableTLSForSentinelMode } = this.redis.options;
    if (sentinels && sentinels.length > 0) {
      return this.peer && { address: this.peer, tls: enableTLSForSentinelMode ? tls : undefined };
    }
    if (typeof path === 'string') return { address: { path }, tls };
    return { address: { host, port: port ?? 6379, family }, tls };
  }
}
