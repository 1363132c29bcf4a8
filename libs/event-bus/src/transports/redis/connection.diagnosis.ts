import type { Redis } from 'ioredis';
import { streamOf } from './driver.internals.js';
import { CLOSED_BY_SERVER, causeOf, isMute } from './redis.errors.js';
import { RedisProbe } from './redis.probe.js';
import type { ProbeAddress } from './redis.probe.js';
import type { RedisSecrets } from './redis.secrets.js';

/** Finds out why there is no connection: from the driver's errors, or from what the server sends to a plain socket. */
export class ConnectionDiagnosis {
  private latestError: Error | undefined;
  /** Whether this attempt has reported why it failed. */
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

  /** The best known reason since the link was up. */
  get reason(): Error | undefined {
    return this.latestError;
  }

  /** The address at which a server last accepted a connection. With Sentinel, no option contains it. */
  get peerAddress(): { readonly host: string; readonly port: number } | undefined {
    return this.peer;
  }

  /** An attempt starts. */
  begin(): void {
    this.isExplained = false;
  }

  /** The server has accepted the connection. */
  connected(): void {
    const { remoteAddress: host, remotePort: port } = streamOf(this.redis);
    if (host !== undefined && port !== undefined) this.peer = { host, port };
  }

  /** The link is up: earlier errors do not explain later ones. */
  succeeded(): void {
    this.latestError = undefined;
    this.probe?.cancel();
    this.probe = undefined;
  }

  failed(error: Error): void {
    if (this.isClosed) return;
    // An error without a reason does not replace one with a reason.
    if (!isMute(error)) this.isExplained = true;
    else if (this.latestError !== undefined) return;
    this.latestError = causeOf(error, this.secrets) as Error;
    this.found(this.latestError);
  }

  /** The server closed the connection before it could be used: finds out why, if not known yet. */
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

  /** Ends the diagnosis. */
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
