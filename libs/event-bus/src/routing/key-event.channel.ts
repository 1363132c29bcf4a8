/** A keyspace notification (`notify-keyspace-events`, flag `E`). */
export interface KeyEvent {
  /** The name of the event: `expired`, `del`, `set` … */
  readonly event: string;
  /** The name of the key. */
  readonly key: string;
  /** The number of the database. */
  readonly db: number;
  /** The Cluster node that sent it, as `host:port`. Absent without a Cluster. */
  readonly node?: string;
}

const BEGINNING = '__keyevent@';
const CHANNEL = /^__keyevent@(\d+)__:(.+)$/s;

/** The channel on which Redis reports this event for all keys of the database. `*` stands for every event. */
export function keyEventChannel(event: string, db: number): string {
  return `__keyevent@${db}__:${event}`;
}

/** Only Redis publishes on these channels. */
export function isKeyEventChannel(channel: string): boolean {
  return channel.startsWith(BEGINNING);
}

/** Reads a message on this channel; the body is the key. Undefined for every other channel. */
export function parseKeyEvent(channel: string, body: string | Buffer, node?: string): KeyEvent | undefined {
  const [, db, event] = CHANNEL.exec(channel) ?? [];
  if (db === undefined || event === undefined) return undefined;
  return { event, key: body.toString(), db: Number(db), ...(node === undefined ? {} : { node }) };
}
