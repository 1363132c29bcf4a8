import type { EventBusInstance } from '../introspection/bus.instance.js';
import type { KnownInstance } from './known.instance.js';
import type { Report, ReportMessage } from './report.js';

/** What one sender said, and when. All times are those of the reader's clock. */
export class InstanceRecord {
  readonly id: string;
  heardAtMs = 0;
  private instance: EventBusInstance;
  private state: KnownInstance['state'] = 'connecting';
  private report: Report | undefined;
  private saidBye = false;
  /** The next message has to come until then. */
  private dueAtMs = 0;
  private goneAtMs: number | undefined;

  constructor(
    readonly key: string,
    private readonly bus: string,
    { instance }: ReportMessage,
  ) {
    this.id = instance.id;
    this.instance = instance;
  }

  get isLive(): boolean {
    return this.state !== 'silent' && this.state !== 'gone';
  }

  hear(message: ReportMessage, nowMs: number, dueAtMs: number): void {
    this.instance = message.instance;
    this.heardAtMs = nowMs;
    this.dueAtMs = dueAtMs;
    this.saidBye = message.type === 'bye';
    this.goneAtMs = message.type === 'bye' ? nowMs : undefined;
    this.state = message.type === 'bye' ? 'gone' : message.state;
    if (message.type === 'report') this.report = { ...message, tail: [], gaps: [] };
  }

  judge(nowMs: number, goneAfterMs: number): void {
    if (this.isLive && nowMs > this.dueAtMs) this.state = 'silent';
    const goneAtMs = this.dueAtMs + goneAfterMs;
    if (this.state !== 'silent' || nowMs <= goneAtMs) return;
    this.state = 'gone';
    this.goneAtMs = goneAtMs;
  }

  wasGoneFor(nowMs: number, ms: number): boolean {
    return this.goneAtMs !== undefined && nowMs - this.goneAtMs > ms;
  }

  /** The reader heard nobody for some time: that does not count. */
  skip(deafMs: number, dueAtMs: number): void {
    this.heardAtMs += deafMs;
    if (this.isLive) this.dueAtMs = dueAtMs;
    else this.dueAtMs += deafMs;
    if (this.goneAtMs !== undefined) this.goneAtMs += deafMs;
  }

  read(nowMs: number, sharesId: boolean): KnownInstance {
    const { key, instance, bus, state, saidBye, report } = this;
    const heardAgoMs = Math.max(0, nowMs - this.heardAtMs);
    const known = { key, instance, bus, state, saidBye, heardAgoMs, sharesId };
    return report === undefined ? known : { ...known, report };
  }
}
