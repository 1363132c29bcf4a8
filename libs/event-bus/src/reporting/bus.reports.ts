import { NotConnectedError, PublishUnconfirmedError } from '../errors.js';
import { ignoreRejection, isA, reasonOf } from '../foreign.js';
import type { EventBusState } from '../introspection/event-bus.status.js';
import type { AttachedFact } from '../observing/bus.facts.js';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';
import type { PublishOutcome } from '../transports/event.transport.js';
import { clearTimeout, performance, setTimeout } from '../transports/real.time.js';
import { PayloadPreview } from './payload.preview.js';
import { PublishTotals } from './publish.totals.js';
import { RecentGaps } from './recent.gaps.js';
import { ReportBuilder } from './report.builder.js';
import { reportTarget } from '../routing/report.channel.js';
import type { SenderClock } from './report.sender.js';
import { ReportSender } from './report.sender.js';
import type { ReportingSettings } from './reporting.options.js';
import { TailObserver } from './tail.observer.js';

/** The reports of one bus, from the first time it is ready until it has drained. */
export class BusReports {
  private readonly target: SubscriptionTarget;
  private readonly totals: PublishTotals;
  private readonly gaps = new RecentGaps();
  private readonly tail: TailObserver;
  private readonly sender: ReportSender;
  private hasWarned = false;
  private hasWarnedOfRedact = false;
  private stopObserving: () => void;

  constructor(
    settings: ReportingSettings,
    private readonly bus: AttachedFact,
    clock: SenderClock = realClock,
  ) {
    const { codec, prefix, transport } = bus.access;
    this.target = reportTarget(prefix, transport.name);
    const showsChannels = settings.channels === 'names';
    this.totals = new PublishTotals(showsChannels);
    const preview = new PayloadPreview(settings.redact, (error) => this.redactFailed(error));
    const shown = settings.payloads === 'preview' ? { preview } : {};
    this.tail = new TailObserver({ bus: bus.bus, codec, showsChannels, ...shown });
    const { totals, gaps, tail } = this;
    const { inspector } = bus;
    const parts = { service: settings.service, inspector, totals, gaps, tail };
    const builder = new ReportBuilder({ ...parts, now: () => clock.now() });
    const link = {
      send: (body: string, settled: (outcome: PublishOutcome) => void) => this.send(body, settled),
      watched: (isWatched: boolean) => this.watched(isWatched),
      failed: (error: unknown) => this.failed(error),
    };
    this.sender = new ReportSender(builder, link, clock);
    this.observe();
    this.stopObserving = bus.observers.add(totals);
  }

  private observe(): void {
    const { observers, inspector } = this.bus;
    observers.add({
      gap: (gap) => {
        this.gaps.add(gap);
        this.sender.tell();
      },
    });
    inspector.status.changes.subscribe((state) => this.stateChanged(state));
  }

  /** `closed` comes when the bus has drained, and can still publish. */
  private stateChanged(state: EventBusState): void {
    if (state === 'closed') this.sender.close();
    else if (state === 'ready') this.sender.linkRestored();
    else if (state === 'degraded') this.sender.tell();
  }

  /** Straight on the transport: no codec, no counter and no observer sees it. */
  private send(body: string, settled: (outcome: PublishOutcome) => void): void {
    const { kind, name: channel } = this.target;
    const message = { kind: kind === 'shard' ? 'shard' : 'channel', channel, body } as const;
    ignoreRejection(
      this.bus.access.transport.publish([message], (_index, outcome) => {
        if ('subscriptions' in outcome) this.hasWarned = false;
        settled(outcome);
      }),
    );
  }

  private watched(isWatched: boolean): void {
    this.tail.clear();
    const stop = this.stopObserving;
    this.stopObserving = this.bus.observers.add(isWatched ? this.watcher() : this.totals);
    stop();
  }

  /** One observer: a fact that several take costs more, since it is frozen. */
  private watcher(): EventBusObserver {
    const { totals, tail } = this;
    return {
      published(fact) {
        totals.published(fact);
        tail.published(fact);
      },
      publishFailed: (fact) => totals.publishFailed(fact),
      handled: (fact) => tail.handled(fact),
      failed: (fact) => tail.failed(fact),
    };
  }

  /** The bus itself warns of a link that is lost: only a refusal is worth a line of its own, once. */
  private failed(error: unknown): boolean {
    if (isA(error, NotConnectedError) || isA(error, PublishUnconfirmedError)) return true;
    if (this.hasWarned) return false;
    this.hasWarned = true;
    const { name: channel } = this.target;
    this.bus.access.warn({
      sentence: 'This instance cannot report itself',
      fields: { channel, reason: reasonOf(error) },
      advice:
        'Let its user publish on that channel, or leave out the reports. It tries again every 30 seconds, and the bus works without.',
    });
    return false;
  }

  private redactFailed(error: unknown): void {
    if (this.hasWarnedOfRedact) return;
    this.hasWarnedOfRedact = true;
    this.bus.access.warn({
      sentence: 'redact of the reports failed',
      fields: { reason: reasonOf(error) },
      advice: 'The payload is not shown. Correct redact; this is logged once.',
    });
  }
}

/** Independent of the fake timers of a test; keeps no process alive. */
const realClock: SenderClock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms).unref();
    return () => clearTimeout(timer);
  },
};
