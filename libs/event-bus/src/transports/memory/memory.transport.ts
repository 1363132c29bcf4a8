import { BusClosedError, ConfigurationError, NotConnectedError } from '../../errors.js';
import { argumentOf, fitting, optionProblems, unknownOptions } from '../../option.checks.js';
import type {
  ClaimFacet,
  EventTransport,
  InspectionFacet,
  InspectionQuery,
  InspectionResult,
  KeyEventFacet,
  OutgoingMessage,
  PublishOutcome,
  SettledListener,
  SubscribeOutcome,
  SubscriptionInfo,
  SubscriptionTarget,
  TransportFactory,
  TransportListener,
  TransportState,
} from '../event.transport.js';
import { InTurnListener } from '../in-turn.listener.js';
import { settleAll } from '../settled.messages.js';
import { SubscriptionTable } from '../subscription-table.js';
import { isMemoryBroker, MemoryBroker } from './memory.broker.js';
import type { MemoryConnection } from './memory.broker.js';

/** Options of {@link memory}. */
export interface MemoryTransportOptions {
  /**
   * Made by `memoryBroker()`. Buses with the same broker receive each other's events.
   * @default a new one for each bus
   */
  readonly broker?: MemoryBroker | undefined;
}

/** Events stay in this process, but behave as with Redis: the same bytes, globs, counts and order. */
export function memory(options: MemoryTransportOptions = {}): TransportFactory {
  const problems = memoryProblems(options);
  return {
    name: 'memory',
    problems,
    create: (listener) => {
      if (problems.length > 0) throw new ConfigurationError(problems);
      return new MemoryTransport(options.broker ?? new MemoryBroker(), listener);
    },
  };
}

const TABLE = {
  broker: fitting(
    isMemoryBroker,
    'must be a broker made by memoryBroker(). Write memory({ broker: memoryBroker() }).',
  ),
};

/** The problems of the options, each with what to write instead. */
function memoryProblems(options: unknown): string[] {
  if (typeof options !== 'object' || options === null) {
    return ['memory() takes an object. Write memory(), or memory({ broker: memoryBroker() }).'];
  }
  const nameOf = argumentOf('memory');
  return [...optionProblems(TABLE, options, nameOf), ...unknownOptions(Object.keys(TABLE), options, nameOf)];
}

class MemoryTransport implements EventTransport, ClaimFacet, InspectionFacet, KeyEventFacet {
  readonly name = 'memory';
  readonly address = 'in-process';
  readonly capabilities = { shard: true };
  readonly database = 0;
  /** `emitKeyEvent` of the broker needs no flags. */
  readonly keyspace = { read: async () => [], write: async () => undefined };

  private readonly listener: TransportListener;
  private readonly table = new SubscriptionTable();
  private currentState: TransportState = { status: 'connecting' };
  private isConnected = false;
  private closing: Promise<void> | undefined;
  /** Resolves when it is connected, or was closed before. */
  private readonly linked: Promise<void>;
  private link!: () => void;
  private readonly connection: MemoryConnection = (through, channel, body) => {
    if (this.closing === undefined) this.listener.message({ through, channel, body });
  };

  constructor(
    private readonly broker: MemoryBroker,
    owner: TransportListener,
  ) {
    // An error must not affect the other receivers of this broker.
    this.listener = InTurnListener.of(owner);
    this.linked = new Promise((resolve) => {
      this.link = resolve;
    });
  }

  get state(): TransportState {
    return this.currentState;
  }

  async connect(): Promise<void> {
    if (this.closing === undefined) await this.broker.turn();
    if (this.closing !== undefined) throw new BusClosedError();
    if (this.isConnected) return;
    this.isConnected = true;
    this.request();
    this.transitionTo({ status: 'ready' });
    this.listener.writable();
    this.link();
  }

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    if (this.closing !== undefined) return settleAll(messages, settled, () => new BusClosedError());
    if (!this.isConnected) return settleAll(messages, settled, () => new NotConnectedError());
    const outcomes = messages.map((message) => this.send(message));
    // A loop that awaits each publish waits for the deliveries, so that the event loop can turn.
    void this.broker.turn().then(() => outcomes.forEach((outcome, index) => settled(index, outcome)));
  }

  async subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    if (this.closing === undefined) {
      for (const target of targets) this.table.hold(target);
      if (this.isConnected) this.request();
      else await this.linked;
      await this.broker.turn();
    }
    return targets.map((target) => this.outcomeOf(target));
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    if (this.closing !== undefined) return;
    const told = targets.filter((target) => this.table.drop(target));
    if (told.length > 0) {
      this.broker.unsubscribe(this.connection, told, () => this.listener.released(told));
    }
    await this.broker.turn();
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.table.list();
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    if (this.closing !== undefined) throw new BusClosedError();
    if (!this.isConnected) throw new NotConnectedError();
    const isOurs = this.broker.claim(key, ttlMs);
    await this.broker.turn();
    return isOurs;
  }

  async inspect(query: InspectionQuery): Promise<InspectionResult> {
    if (this.closing !== undefined) throw new BusClosedError();
    if (!this.isConnected) throw new NotConnectedError();
    const result = this.broker.inspect(query);
    await this.broker.turn();
    return result;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    const held = this.table.list().map(({ target }) => target);
    this.broker.unsubscribe(this.connection, held, () => undefined);
    this.link();
    await this.broker.turn();
    this.transitionTo({ status: 'closed' });
  }

  private send(message: OutgoingMessage): PublishOutcome {
    try {
      return { subscriptions: this.broker.publish(message) };
    } catch (error) {
      // The error of the function that makes the body.
      return { error: error as Error };
    }
  }

  private request(): void {
    for (let request = this.table.request(Infinity); request; request = this.table.request(Infinity)) {
      const asked = request;
      this.broker.subscribe(this.connection, asked.targets, () => {
        this.table.confirm(asked);
        if (this.closing === undefined) this.listener.confirmed(asked.targets);
      });
    }
  }

  private outcomeOf(target: SubscriptionTarget): SubscribeOutcome {
    if (this.closing !== undefined) return { target, error: new BusClosedError() };
    if (this.table.stateOf(target) === 'active') return { target };
    return { target, error: new Error('it was unsubscribed meanwhile') };
  }

  private transitionTo(state: TransportState): void {
    this.currentState = state;
    this.listener.state(state);
  }
}
