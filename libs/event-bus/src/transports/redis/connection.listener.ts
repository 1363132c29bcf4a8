/** Takes the reports of a connection. Each method is optional; without it, nothing is done. */
export interface RedisConnectionListener {
  /**
   * The server has accepted the connection, but the link is not used yet: resolves when it may be used. If it rejects, the link
   * is ended, and another attempt starts with this reason. The heartbeat also watches the commands sent here.
   */
  admit?(): Promise<void>;
  /** The link is live: commands may be sent. */
  up?(): void;
  /** The link is lost; another attempt follows automatically. */
  down?(reason: Error | undefined): void;
  /** An attempt failed, or the server rejected the connection. */
  error?(error: Error): void;
  /**
   * Sends the heartbeat: a command that the server answers at once. Resolves with any answer.
   * @default PING
   */
  ping?(): Promise<void>;
  /** The event loop was blocked for at least this long. */
  blocked?(blockedMs: number): void;
  /** A Cluster node has unsubscribed this shard channel without a request, in stream order. */
  unsubscribed?(shardChannel: string): void;
}
