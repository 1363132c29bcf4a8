/** What a keyspace notification is about (`notify-keyspace-events`, flag `E`). */
export interface KeyEvent {
  /** What happened: `expired`, `del`, `set` … */
  readonly event: string;
  /** The name of the key. */
  readonly key: string;
  /** The number of the database. */
  readonly db: number;
  /** The node of a Cluster that said so, as `host:port`. Absent elsewhere. */
  readonly node?: string;
}

const BEGINNING = '__keyevent@';
const CHANNEL = /^__keyevent@(\d+)__:(.+)$/s;

/** Where Redis says that this happened to any key of the database. `*` stands for every event. */
export function keyEventChannel(event: string, db: number): string {
  return `__keyevent@${db}__:${event}`;
}

/** Redis publishes on these, and nobody else may. */
export function isKeyEventChannel(channel: string): boolean {
  return channel.startsWith(BEGINNING);
}

/** What a message on this channel says; the body is the key. Undefined for every other channel. */
export function parseKeyEvent(channel: string, body: string | Buffer, node?: string): KeyEvent | undefined {
  const [, db, event] = CHANNEL.exec(channel) ?? [];
  if (db === undefined || event === undefined) return undefined;
  return { event, key: body.toString(), db: Number(db), ...(node === undefined ? {} : { node }) };
}
