import type { EventContext } from 'nestjs-redis-event-bus';
import type { Report, TailEntry } from 'nestjs-redis-event-bus/reporting';
import type { Tail, TailOutcome, TailRow } from '../frame.js';

/** Rows that are kept for a new viewer, and for outcomes that come later. */
const KEPT = 200;
/** More rows than this are not read by anybody in a second. */
const MAX_FRAME_ROWS = 100;
const MAX_OUTCOMES = 20;
/** Characters, as in a report. */
const MAX_PREVIEW = 256;

type Row = { -readonly [Name in keyof TailRow]: TailRow[Name] } & { outcomes: TailOutcome[] };

/** What the samples of all instances say together: an event that has an id is one row, with its publisher and its handlers. */
export class TailLog {
  private readonly rows = new Map<string, Row>();
  private readonly changed = new Set<Row>();
  private left = 0;
  private nextKey = 1;

  take({ instance: { service }, tail, leftOut }: Report): void {
    this.left += leftOut?.tail ?? 0;
    for (const entry of tail) {
      const row = this.rowOf(entry);
      this.fill(row, entry, service);
      this.changed.add(row);
    }
  }

  /** What the console itself has heard. */
  heard(payload: unknown, { channel, receivedAtMs: atMs, metadata }: EventContext): void {
    const id = metadata.id === undefined ? {} : { id: metadata.id };
    const row = this.rowOf({ what: 'handled', channel, atMs, tookMs: 0, ...id });
    row.payload ??= previewOf(payload);
    if (row.outcomes.length < MAX_OUTCOMES)
      row.outcomes.push({ service: 'console', handler: 'heard here', tookMs: 0 });
    this.changed.add(row);
  }

  /** What is new since the last call. */
  drain(): Tail {
    const rows = [...this.changed].toSorted((a, b) => b.atMs - a.atMs);
    const tail = {
      rows: rows.slice(0, MAX_FRAME_ROWS),
      notShown: this.left + Math.max(0, rows.length - MAX_FRAME_ROWS),
    };
    this.changed.clear();
    this.left = 0;
    return tail;
  }

  /** For a new viewer. */
  recent(): readonly TailRow[] {
    return [...this.rows.values()].toSorted((a, b) => b.atMs - a.atMs).slice(0, MAX_FRAME_ROWS);
  }

  private rowOf({ id, channel, target, atMs }: TailEntry): Row {
    const key = id === undefined ? `row ${this.nextKey}` : `id ${id}`;
    this.nextKey += 1;
    let row = this.rows.get(key);
    if (row === undefined) {
      row = { key, atMs, channel: channel ?? target ?? '(not shown)', outcomes: [], bytes: 0 };
      this.rows.set(key, row);
      const [oldest] = this.rows.keys();
      if (this.rows.size > KEPT && oldest !== undefined) this.rows.delete(oldest);
    }
    return row;
  }

  private fill(row: Row, entry: TailEntry, service: string): void {
    const { what, atMs, channel, handler, tookMs, subscriptions, error, bytes, payload, isHidden } = entry;
    if (channel !== undefined) row.channel = channel;
    if (bytes !== undefined) row.bytes = bytes;
    if (payload !== undefined) row.payload = payload;
    else if (isHidden === true && row.payload === undefined) row.payload = 'not shown';
    if (what === 'published') {
      row.publisher = service;
      row.atMs = atMs;
      if (subscriptions !== undefined) row.subscriptions = subscriptions;
    } else if (row.outcomes.length < MAX_OUTCOMES) {
      const name = handler ?? 'handler';
      row.outcomes.push({
        service,
        handler: name,
        tookMs,
        ...(what === 'failed' ? { error: error ?? 'failed' } : {}),
      });
    }
  }
}

function previewOf(payload: unknown): string {
  try {
    return (Buffer.isBuffer(payload) ? payload.toString() : (JSON.stringify(payload) ?? '')).slice(
      0,
      MAX_PREVIEW,
    );
  } catch {
    return 'not shown';
  }
}
