import type { EventBusInspector } from '../introspection/event-bus.inspector.js';
import type { EventBusInstance } from '../introspection/bus.instance.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { cut } from '../printable.js';
import type { PublishTotals } from './publish.totals.js';
import type { RecentGaps } from './recent.gaps.js';
import type { Bye, Hello, LeftOut, Report } from './report.js';
import { REPORT_EVERY_MS, REPORT_VERSION } from './report.js';
import { MAX_NAME_LENGTH } from './report.shapes.js';
import { fittedText } from './report.size.js';
import type { TailObserver } from './tail.observer.js';

/** What a report is made of. */
export interface ReportParts {
  /** The service to report. @default that of the snapshot */
  readonly service: string | undefined;
  readonly inspector: EventBusInspector;
  readonly totals: PublishTotals;
  readonly gaps: RecentGaps;
  readonly tail: TailObserver;
  /** A clock that only goes forward, in milliseconds. */
  readonly now: () => number;
}

type Said = Pick<Hello, 'v' | 'instance' | 'bus'>;

/** Makes the messages of one bus, as JSON of a bounded size. */
export class ReportBuilder {
  /** When the previous report was made. Undefined while nobody listens. */
  private reportedAtMs: number | undefined;
  /** When the current period of the tail began. */
  private periodFromMs = -Infinity;

  constructor(private readonly parts: ReportParts) {}

  hello(): string {
    const { status, instance, bus } = this.parts.inspector.snapshot();
    this.reportedAtMs = undefined;
    const hello: Hello = { ...this.said(instance, bus), type: 'hello', state: status };
    return JSON.stringify(hello);
  }

  bye(): string {
    const { instance, bus } = this.parts.inspector.snapshot();
    const bye: Bye = { ...this.said(instance, bus), type: 'bye' };
    return JSON.stringify(bye);
  }

  /** A hello if not even the numbers fit into a report. */
  report(): string {
    return fittedText(this.full()) ?? this.hello();
  }

  private full(): Report {
    const { inspector, totals, gaps, tail } = this.parts;
    const snapshot = inspector.snapshot();
    const { leftOut: names, ...published } = totals.read();
    const sample = tail.take(this.isPeriodOver());
    const recent = gaps.take();
    const leftOut = withoutZeros({ tail: sample.leftOut, published: names, gaps: recent.leftOut });
    const { reason } = snapshot;
    return {
      ...this.said(snapshot.instance, snapshot.bus),
      type: 'report',
      state: snapshot.status,
      ...(reason === undefined ? {} : { reason }),
      atMs: Date.now(),
      coversMs: this.restart(),
      transport: snapshot.transport,
      codec: snapshot.codec,
      prefix: snapshot.prefix,
      handlers: snapshot.handlers,
      subscriptions: snapshot.subscriptions,
      counters: snapshot.counters,
      links: snapshot.links,
      gaps: recent.gaps,
      published,
      tail: sample.entries,
      ...(leftOut === undefined ? {} : { leftOut }),
    };
  }

  /** Reports at once come within a period. Timers may be a little early. */
  private isPeriodOver(): boolean {
    const nowMs = this.parts.now();
    if (nowMs - this.periodFromMs < 0.9 * REPORT_EVERY_MS) return false;
    this.periodFromMs = nowMs;
    return true;
  }

  private said(instance: EventBusInstance, bus: string): Said {
    const { service = instance.service } = this.parts;
    const { version, host } = instance;
    const named = bus === DEFAULT_BUS ? {} : { bus: short(bus) };
    const versioned = version === undefined ? {} : { version: short(version) };
    const cutInstance = { ...instance, service: short(service), ...versioned, host: short(host) };
    return { v: REPORT_VERSION, instance: cutInstance, ...named };
  }

  private restart(): number {
    const nowMs = this.parts.now();
    const coveredMs = nowMs - (this.reportedAtMs ?? nowMs);
    this.reportedAtMs = nowMs;
    return Math.round(coveredMs);
  }
}

function short(name: string): string {
  return cut(name, MAX_NAME_LENGTH);
}

function withoutZeros(numbers: LeftOut): LeftOut | undefined {
  const kept = Object.entries(numbers).filter(([, count]) => count > 0);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
