import type { TransportFactory } from '../transports/event.transport.js';
import { FaultyTransport } from './faulty.transport.js';

/** The active faults of the connection, for every transport of an application. */
export class FaultSwitch {
  private readonly transports = new Set<FaultyTransport>();
  private readonly denied = new Set<string>();
  private cuts = 0;

  /** Wraps transports, to add the faults. */
  wrap(factory: TransportFactory): TransportFactory {
    const { name, problems } = factory;
    return {
      name,
      problems,
      create: (listener, messages) =>
        new FaultyTransport((own) => factory.create(own, messages), listener, this),
    };
  }

  get isCut(): boolean {
    return this.cuts > 0;
  }

  /** @param name with the application's prefix */
  denies(name: string): boolean {
    return this.denied.has(name);
  }

  add(transport: FaultyTransport): void {
    this.transports.add(transport);
  }

  remove(transport: FaultyTransport): void {
    this.transports.delete(transport);
  }

  cut(): void {
    this.cuts += 1;
    for (const transport of this.transports) transport.interrupt();
  }

  async mend(): Promise<void> {
    await this.fence();
    this.cuts -= 1;
    for (const transport of this.transports) transport.resume('connection-lost');
  }

  deny(names: readonly string[]): void {
    for (const name of names) this.denied.add(name);
    for (const transport of this.transports) transport.interrupt();
  }

  async allow(names: readonly string[]): Promise<void> {
    await this.fence();
    for (const name of names) this.denied.delete(name);
    for (const transport of this.transports) transport.resume('subscription-denied');
  }

  /** What was sent before is lost: it must not arrive after the fault has ended. */
  private async fence(): Promise<void> {
    await Promise.all([...this.transports].map((transport) => transport.fence()));
  }
}
