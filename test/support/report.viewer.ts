import type { FactoryProvider } from '@nestjs/common';
import type {
  EventBusObserver,
  EventTransport,
  TransportFactory,
  TransportState,
} from 'nestjs-redis-event-bus';
import { EventBusObservers } from 'nestjs-redis-event-bus';
import type {
  Report,
  ReportMessage,
  ReportingOptions,
  TailEntry,
} from '../../libs/event-bus/src/reporting/index.js';
import { InstanceDirectory, reportTarget } from '../../libs/event-bus/src/reporting/index.js';
import { ReportsObserver } from '../../libs/event-bus/src/reporting/event-bus-reports.observer.js';
import { resolveReporting } from '../../libs/event-bus/src/reporting/reporting.options.js';
import { eventually } from './eventually.js';
import { Inbox } from './inbox.js';
import { muteListener } from './mute.listener.js';

/** Listens to the reports of all instances, as a command line or a console does. */
export class ReportViewer {
  readonly messages = new Inbox<ReportMessage>();
  readonly directory = new InstanceDirectory();
  /** The bodies as they came. */
  readonly bodies: string[] = [];
  private readonly transport: EventTransport;

  private constructor(
    factory: TransportFactory,
    private readonly prefix: string,
  ) {
    this.transport = factory.create({
      ...muteListener,
      message: ({ body }) => this.take(body.toString()),
      state: (state) => this.linkChanged(state),
    });
  }

  /** Resolves when it is counted as a listener. */
  static async open(factory: TransportFactory, prefix = ''): Promise<ReportViewer> {
    const viewer = new ReportViewer(factory, prefix);
    await viewer.transport.connect();
    const [outcome] = await viewer.transport.subscribe([reportTarget(prefix, factory.name)]);
    if (outcome?.error !== undefined) throw outcome.error;
    return viewer;
  }

  /** Resolves with the first report from now on that is like that. */
  async report(holds: (report: Report) => boolean = () => true, timeoutMs?: number): Promise<Report> {
    this.messages.clear();
    const isWanted = (message: ReportMessage) => message.type === 'report' && holds(message);
    return (await this.messages.upTo(isWanted, timeoutMs)).at(-1) as Report;
  }

  /** Resolves with the entries of all tails since the last call of {@link report}, once there are so many, sorted by what. */
  async tail(count: number): Promise<readonly TailEntry[]> {
    return eventually(() => {
      const entries = this.messages.items.flatMap((message) =>
        message.type === 'report' ? message.tail : [],
      );
      expect(entries.length).toBeGreaterThanOrEqual(count);
      return entries.toSorted((a, b) => (a.what < b.what ? -1 : a.what > b.what ? 1 : a.atMs - b.atMs));
    });
  }

  /** `orders ready`, for each instance. */
  get states(): readonly string[] {
    return this.directory.instances().map(({ instance, state }) => `${instance.service} ${state}`);
  }

  /** It is not counted any more when this resolves. */
  async leave(): Promise<void> {
    await this.transport.unsubscribe([reportTarget(this.prefix, this.transport.name)]);
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  private take(body: string): void {
    this.bodies.push(body);
    const message = this.directory.take(body);
    if (message !== undefined) this.messages.push(message);
  }

  private linkChanged({ status }: TransportState): void {
    if (status === 'ready') this.directory.linkRestored();
    else this.directory.linkLost();
  }
}

/** How much faster the time of {@link fastReports} goes. */
const SPEED = 20;

/** Those of {@link eventBusReports}, with a clock that goes 20 times as fast. */
export function fastReportsObserver(options: ReportingOptions = {}): EventBusObserver {
  return new ReportsObserver(resolveReporting('fastReports()', options), {
    now: () => performance.now() * SPEED,
    after(ms, act) {
      const timer = setTimeout(act, ms / SPEED);
      return () => clearTimeout(timer);
    },
  });
}

/** What `EventBusReportingModule` provides, with that clock. */
export function fastReports(options: ReportingOptions = {}): FactoryProvider {
  return {
    provide: ReportsObserver,
    useFactory: (observers: EventBusObservers) => observers.add(fastReportsObserver(options)),
    inject: [EventBusObservers],
  };
}
