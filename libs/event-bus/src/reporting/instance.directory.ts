import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import type { KnownInstance } from './known.instance.js';
import { InstanceRecord } from './instance.record.js';
import type { ReportMessage } from './report.js';
import { HELLO_EVERY_MS, REPORT_EVERY_MS } from './report.js';
import type { ReportProblem } from './report.reader.js';
import { readReport } from './report.reader.js';

/** Options of {@link InstanceDirectory}. */
export interface InstanceDirectoryOptions {
  /** A clock that only goes forward, in milliseconds. @default performance.now() */
  readonly now?: (() => number) | undefined;
  /** More instances are ignored, once those that are gone or silent are forgotten. @default 1000 */
  readonly maxInstances?: number | undefined;
  /** What the senders use. @default HELLO_EVERY_MS */
  readonly helloEveryMs?: number | undefined;
  /** What the senders use. @default REPORT_EVERY_MS */
  readonly reportEveryMs?: number | undefined;
}

/** How many messages were ignored, by reason. */
export type IgnoredMessages = Readonly<Record<ReportProblem | 'too-many-instances', number>>;

const MINUTE_MS = 60_000;
/** A silent instance is gone after this. */
const GONE_AFTER_MS = MINUTE_MS;
/** An instance that is gone is forgotten after this. */
const FORGET_AFTER_MS = 10 * MINUTE_MS;

/**
 * Knows every instance from its messages: take() what arrives on the channel of `reportTarget`. It judges by the clock when it is
 * read, and has no timer. Subscribe before you take, since a service that counts no listener only says hello.
 */
export class InstanceDirectory {
  private readonly records = new Map<string, InstanceRecord>();
  private readonly now: () => number;
  private readonly maxInstances: number;
  private readonly everyMs: { readonly hello: number; readonly report: number };
  private readonly ignoredMessages: Record<keyof IgnoredMessages, number> = {
    'too-large': 0,
    'not-json': 0,
    'other-version': 0,
    'wrong-shape': 0,
    'too-many-instances': 0,
  };
  private downSinceMs: number | undefined;

  constructor(options: InstanceDirectoryOptions = {}) {
    this.now = options.now ?? (() => performance.now());
    this.maxInstances = options.maxInstances ?? 1_000;
    this.everyMs = {
      hello: options.helloEveryMs ?? HELLO_EVERY_MS,
      report: options.reportEveryMs ?? REPORT_EVERY_MS,
    };
  }

  /** Messages that were ignored since the start, by reason. */
  get ignored(): IgnoredMessages {
    return { ...this.ignoredMessages };
  }

  /** False between {@link linkLost} and {@link linkRestored}: who is silent then may be talking. */
  get isJudging(): boolean {
    return this.downSinceMs === undefined;
  }

  /** Reads one message. Returns it, or undefined if it is ignored. Never throws. */
  take(body: string | Buffer): ReportMessage | undefined {
    const read = readReport(body);
    if ('problem' in read) {
      this.ignoredMessages[read.problem] += 1;
      return undefined;
    }
    return this.remember(read.message) ? read.message : undefined;
  }

  /** The subscription of the reader does not deliver any more. */
  linkLost(): void {
    if (!this.isJudging) return;
    this.judge();
    this.downSinceMs = this.now();
  }

  /** It delivers again. Every instance has time for three hellos: it counted no listener in the meantime. */
  linkRestored(): void {
    if (this.downSinceMs === undefined) return;
    const nowMs = this.now();
    const downMs = nowMs - this.downSinceMs;
    this.downSinceMs = undefined;
    for (const record of this.records.values()) record.skip(downMs, nowMs + 3 * this.everyMs.hello);
  }

  /** Everybody who is known, sorted by service, then by start. */
  instances(): readonly KnownInstance[] {
    this.judge();
    const nowMs = this.downSinceMs ?? this.now();
    const senders = new Map<string, number>();
    for (const { id } of this.records.values()) senders.set(id, (senders.get(id) ?? 0) + 1);
    return [...this.records.values()]
      .map((record) => record.read(nowMs, (senders.get(record.id) ?? 0) > 1))
      .toSorted(byServiceAndStart);
  }

  private remember(message: ReportMessage): boolean {
    const bus = message.bus ?? DEFAULT_BUS;
    const key = instanceKey(message);
    const nowMs = this.now();
    let record = this.records.get(key);
    if (record === undefined) {
      if (!this.hasRoom()) {
        this.ignoredMessages['too-many-instances'] += 1;
        return false;
      }
      record = new InstanceRecord(key, bus, message);
      this.records.set(key, record);
    }
    const everyMs = message.type === 'report' ? this.everyMs.report : this.everyMs.hello;
    record.hear(message, nowMs, nowMs + 3 * everyMs);
    return true;
  }

  /** Forgets the one that has been quiet for longest, if there is one that is not live. */
  private hasRoom(): boolean {
    if (this.records.size < this.maxInstances) return true;
    this.judge();
    if (this.records.size < this.maxInstances) return true;
    const quiet = [...this.records.values()].filter(({ isLive }) => !isLive);
    const [oldest] = quiet.toSorted((a, b) => a.heardAtMs - b.heardAtMs);
    return oldest !== undefined && this.records.delete(oldest.key);
  }

  private judge(): void {
    if (!this.isJudging) return;
    const nowMs = this.now();
    for (const record of this.records.values()) {
      record.judge(nowMs, GONE_AFTER_MS);
      if (record.wasGoneFor(nowMs, FORGET_AFTER_MS)) this.records.delete(record.key);
    }
  }
}

/** The `key` under which the sender of a message is known. */
export function instanceKey({
  instance: { id, host, pid, startedAt },
  bus = DEFAULT_BUS,
}: ReportMessage): string {
  return JSON.stringify([id, host, pid, startedAt, bus]);
}

function byServiceAndStart(a: KnownInstance, b: KnownInstance): number {
  const order = (first: string, second: string) => (first < second ? -1 : first > second ? 1 : 0);
  return (
    order(a.instance.service, b.instance.service) ||
    order(a.instance.startedAt, b.instance.startedAt) ||
    order(a.key, b.key)
  );
}
