import type { KnownInstance, Report, ReportedGap } from 'nestjs-redis-event-bus/reporting';
import type { Trouble } from '../frame.js';
import { Growth } from './growth.js';

const KEPT = 100;
const HOUR_MS = 3_600_000;
const STUCK_MS = 30_000;
/** Where each user has a channel, gaps must not be lost among those without a reader. */
const MAX_UNHEARD = 3;

/** What grew since the report before, and what it means. */
const COUNTED = [
  ['failed', 'failed', (count: number) => `${events(count)} failed`],
  ['dropped', 'dropped', (count: number) => `${events(count)} dropped: a buffer was full`],
  ['rejected', 'rejected', (count: number) => `${events(count)} could not be read`],
  ['publishFailed', 'failed', (count: number) => `${events(count)} could not be published`],
  [
    'deadLettersLost',
    'failed',
    (count: number) => `${events(count)} lost: its dead letter could not be published`,
  ],
] as const;

/** What went wrong since the console watches: the newest first. A trouble that goes on is one entry, and not one a second. */
export class TroubleLog {
  private entries: Trouble[] = [];
  private nextId = 1;
  private readonly gapTimes: number[] = [];
  private readonly growth = new Growth<string>();
  private readonly states = new Map<string, string>();
  private readonly stuck = new Set<string>();
  private unheard: ReadonlySet<string> = new Set();

  read(): readonly Trouble[] {
    return this.entries;
  }

  gapsInHour(atMs: number): number {
    while ((this.gapTimes[0] ?? atMs) < atMs - HOUR_MS) this.gapTimes.shift();
    return this.gapTimes.length;
  }

  /** What a report says has gone wrong. */
  take(key: string, report: Report, atMs: number): void {
    const { service } = report.instance;
    for (const gap of report.gaps) {
      this.gapTimes.push(atMs);
      this.add(atMs, 'gap', service, gapText(gap));
    }
    for (const [counter, kind, text] of COUNTED) {
      const count = this.growth.of(`${key} ${counter}`, report.counters[counter]);
      if (count > 0) this.add(atMs, kind, service, text(count));
    }
    for (const { handler, oldestCallMs = 0 } of report.handlers) {
      const isStuck = oldestCallMs > STUCK_MS;
      if (isStuck && !this.stuck.has(`${key} ${handler}`)) {
        this.add(atMs, 'stuck', service, `${handler} has run for ${seconds(oldestCallMs)} and does not end`);
      }
      this.remember(this.stuck, `${key} ${handler}`, isStuck);
    }
  }

  /** What has changed about an instance since the frame before. */
  judge({ key, instance, state, report, heardAgoMs, saidBye }: KnownInstance, atMs: number): void {
    const before = this.states.get(key);
    this.states.set(key, state);
    if (before === undefined || before === state) return;
    const { service, id, host } = instance;
    const name = `${id.slice(0, 8)} on ${host}`;
    if (state === 'silent')
      this.add(atMs, 'silent', service, `${name} has sent nothing for ${seconds(heardAgoMs)}`);
    else if (state === 'gone')
      this.add(atMs, 'gone', service, saidBye ? `${name} has shut down` : `${name} is gone`);
    else if (state === 'ready') this.add(atMs, 'state', service, `${name} is ready again`);
    else
      this.add(
        atMs,
        'state',
        service,
        `${name} is ${state}${report?.reason === undefined ? '' : `: ${report.reason}`}`,
      );
  }

  /** Which channels are published to and reach nobody now. */
  unheardNow(channels: readonly string[], atMs: number): void {
    const added = channels.filter((channel) => !this.unheard.has(channel));
    for (const channel of added.slice(0, MAX_UNHEARD))
      this.add(atMs, 'nobody', channel, 'reaches no subscription');
    if (added.length > MAX_UNHEARD) {
      this.add(atMs, 'nobody', `${added.length - MAX_UNHEARD} more channels`, 'reach no subscription');
    }
    this.unheard = new Set(channels);
  }

  /** Forgets instances that are not known any more. */
  forgetOthers(keys: ReadonlySet<string>): void {
    for (const key of this.states.keys()) {
      if (keys.has(key)) continue;
      this.states.delete(key);
      this.growth.forget((name) => name.startsWith(`${key} `));
      for (const name of this.stuck) if (name.startsWith(`${key} `)) this.stuck.delete(name);
    }
  }

  private remember(set: Set<string>, key: string, isThere: boolean): void {
    if (isThere) set.add(key);
    else set.delete(key);
  }

  private add(atMs: number, kind: Trouble['kind'], at: string, text: string): void {
    const id = this.nextId;
    this.nextId += 1;
    this.entries = [{ id, atMs, kind, at, text }, ...this.entries].slice(0, KEPT);
  }
}

function gapText({ reason, targets, fromMs, toMs, missed }: ReportedGap): string {
  const length = toMs > fromMs ? ` for ${seconds(toMs - fromMs)}` : '';
  const lost = missed === undefined ? 'events may be missing' : `${events(missed)} missed`;
  return `${reason}${length} on ${targets.join(', ')}: ${lost}`;
}

function events(count: number): string {
  return count === 1 ? '1 event' : `${count} events`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
