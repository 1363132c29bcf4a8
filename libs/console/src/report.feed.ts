import type { EventTransport, TransportFactory, TransportState } from 'nestjs-redis-event-bus';
import type { InstanceDirectory, Report } from 'nestjs-redis-event-bus/reporting';
import { reportTarget } from 'nestjs-redis-event-bus/reporting';
import type { ConsoleLink } from './frame.js';

/**
 * Takes reports while somebody looks, on connections of its own: no bus counts them. Services see the subscription in the
 * number that their hello returns, and begin to report.
 */
export class ReportFeed {
  private transport: EventTransport | undefined;
  private reason: string | undefined;

  constructor(
    private readonly factory: TransportFactory,
    private readonly prefix: string,
    private readonly directory: InstanceDirectory,
    private readonly taken: (report: Report) => void,
  ) {}

  /** Does not wait for the connection: the link says whether there is one. */
  open(): void {
    const transport = this.factory.create({
      message: ({ body }) => this.message(body),
      confirmed: () => this.heard(),
      released: () => this.deaf('the subscription is not confirmed'),
      denied: () => this.deaf('Redis denies the subscription to the reports: allow the channel in its ACL'),
      resumed: () => undefined,
      writable: () => undefined,
      state: (state) => this.changed(state),
      warned: () => undefined,
    });
    this.transport = transport;
    this.deaf('connecting');
    transport
      .connect()
      .then(() => transport.subscribe([reportTarget(this.prefix, transport.name)]))
      .catch((error: unknown) => this.deaf(error instanceof Error ? error.message : String(error)));
  }

  async close(): Promise<void> {
    const { transport } = this;
    this.transport = undefined;
    this.deaf('nobody looks');
    await transport?.close();
  }

  get link(): ConsoleLink {
    const { transport, reason, directory } = this;
    return {
      place: transport === undefined ? this.factory.name : `${transport.name} ${transport.address}`,
      isLive: directory.isJudging,
      ...(reason === undefined ? {} : { reason }),
      ignored: Object.values(directory.ignored).reduce((sum, count) => sum + count, 0),
    };
  }

  private message(body: string | Buffer): void {
    const message = this.directory.take(body);
    if (message?.type === 'report') this.taken(message);
  }

  private changed({ status, reason }: TransportState): void {
    if (status !== 'ready') this.deaf(reason ?? status);
  }

  private deaf(reason: string): void {
    this.reason = reason;
    this.directory.linkLost();
  }

  private heard(): void {
    this.reason = undefined;
    this.directory.linkRestored();
  }
}
