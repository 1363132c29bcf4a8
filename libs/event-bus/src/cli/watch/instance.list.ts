import { InstanceDirectory, instanceKey } from '../../reporting/instance.directory.js';
import type { KnownInstance } from '../../reporting/known.instance.js';
import type { ReportedGap } from '../../reporting/report.js';
import { RateMeter } from './rate.meter.js';

/** One instance, as `watch` shows it. Numbers that are not known are absent. */
export interface WatchedInstance {
  readonly service: string;
  readonly version?: string | undefined;
  readonly host: string;
  readonly pid: number;
  readonly id: string;
  readonly bus: string;
  readonly state: KnownInstance['state'];
  readonly heardAgoMs: number;
  /** It was shut down. */
  readonly saidBye: boolean;
  /** Another sender has the same id. */
  readonly sharesId: boolean;
  readonly publishedPerSecond?: number | undefined;
  readonly handledPerSecond?: number | undefined;
  /** Calls of handlers that failed, since its start. */
  readonly failed?: number | undefined;
  /** Events that are pending in front of handlers. */
  readonly waiting?: number | undefined;
  /** Since its start. */
  readonly gaps?: number | undefined;
  readonly missed?: number | undefined;
}

/** A gap, and whose it is. */
export interface WatchedGap extends ReportedGap {
  readonly service: string;
  readonly host: string;
  readonly pid: number;
}

/** What the reports of all instances say together. */
export class InstanceList {
  readonly directory = new InstanceDirectory();
  private readonly meters = new Map<string, RateMeter>();

  /** Reads one message. Returns the gaps in it. */
  take(body: string | Buffer): readonly WatchedGap[] {
    const message = this.directory.take(body);
    if (message?.type !== 'report') return [];
    const key = instanceKey(message);
    const meter = this.meters.get(key) ?? new RateMeter();
    this.meters.set(key, meter);
    meter.take(message);
    const { service, host, pid } = message.instance;
    return message.gaps.map((gap) => ({ ...gap, service, host, pid }));
  }

  read(): readonly WatchedInstance[] {
    const known = this.directory.instances();
    const keys = new Set(known.map(({ key }) => key));
    for (const key of this.meters.keys()) if (!keys.has(key)) this.meters.delete(key);
    return known.map((instance) => watched(instance, this.meters.get(instance.key)));
  }
}

function watched(known: KnownInstance, meter: RateMeter | undefined): WatchedInstance {
  const { instance, bus, state, heardAgoMs, saidBye, sharesId, report } = known;
  const { service, version, host, pid, id } = instance;
  const who = { service, version, host, pid, id, bus, state, heardAgoMs, saidBye, sharesId };
  if (report === undefined) return who;
  const { failed, gaps, missed } = report.counters;
  const waiting = report.handlers.reduce((sum, handler) => sum + handler.waiting, 0);
  // What is silent does nothing that is known.
  const rates = state === 'silent' || state === 'gone' ? undefined : meter?.rates;
  return { ...who, ...rates, failed, waiting, gaps, missed };
}
