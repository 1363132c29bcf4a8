/** What a connection tells its owner. Each is optional: who leaves one out does nothing about it. */
export interface RedisConnectionListener {
  /**
   * The server has accepted us, and the link is used for nothing yet: resolves when it may be. It is ended when this rejects,
   * and with the reason another attempt begins. What it asks, the heartbeat watches over.
   */
  admit?(): Promise<void>;
  /** The link is live: commands may be sent. */
  up?(): void;
  /** The link is gone; another attempt follows by itself. */
  down?(reason: Error | undefined): void;
  /** An attempt failed, or the server refused us. */
  error?(error: Error): void;
  /**
   * Time for a sign of life: asks something that the server answers at once. Resolves with the answer, whatever it is.
   * @default PING
   */
  ping?(): Promise<void>;
  /** The event loop has stood still for at least so long. */
  blocked?(blockedMs: number): void;
  /** A node of a Cluster has unsubscribed this shard channel by itself, at this place of the byte stream. */
  unsubscribed?(shardChannel: string): void;
}
