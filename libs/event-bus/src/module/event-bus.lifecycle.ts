import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { ExternalContextCreator, LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import type { ApplicationBus } from './application.buses.js';
import { APPLICATION_BUS, ApplicationBuses } from './application.buses.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { BusClosedError, ConfigurationError } from '../errors.js';
import { EVENT_BUS_SETTINGS } from './event-bus.constants.js';
import type { EventBusSettings } from './event-bus.options.js';
import { EventBusRuntime } from './event-bus.runtime.js';
import { EventBusSession } from './event-bus.session.js';
import { HandlerExplorer } from '../handlers/handler.explorer.js';
import { LazyModules } from '../handlers/lazy.modules.js';
import { nestInternals } from '../handlers/nest.internals.js';
import { KeyspaceCheck } from '../keyspace/keyspace.check.js';
import type { HandlerReport } from '../introspection/handler.report.js';
import { reportHandlers } from '../introspection/handler.report.js';
import { readTarget } from '../contracts/contract.target.js';

/** Starts and stops one bus with the application. If it cannot start, all buses of the application are closed. */
@Injectable()
export class EventBusLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private handlers: readonly EventHandler[] = [];
  /** `init` until the handlers are known, `subscribed` once their subscriptions have been requested. */
  private stage: 'init' | 'explored' | 'subscribed' | 'stopping' = 'init';
  private readonly explorer: HandlerExplorer;
  private readonly lazyModules: LazyModules;
  private readonly session: EventBusSession;
  private readonly buses: ApplicationBuses;
  readonly [APPLICATION_BUS]: ApplicationBus = { abandon: () => this.session.abandon() };

  constructor(
    private readonly runtime: EventBusRuntime,
    private readonly modules: ModulesContainer,
    creator: ExternalContextCreator,
    lazyLoader: LazyModuleLoader,
  ) {
    this.session = new EventBusSession(runtime);
    this.explorer = new HandlerExplorer(modules, nestInternals(creator));
    this.lazyModules = new LazyModules(lazyLoader, () => this.serveNewModules());
    this.buses = new ApplicationBuses(modules);
  }

  /** Checks the handlers before anything else can fail, then connects: afterwards the publisher works. */
  onModuleInit(): Promise<void> {
    return this.start(async () => {
      this.handlers = this.explore();
      this.stage = 'explored';
      const { settings } = this.runtime;
      const contracts = settings.contracts?.map((contract) => readTarget(contract, settings.prefix));
      this.tell(reportHandlers(this.handlers, contracts));
      await this.session.connect();
    });
  }

  /** Resolves when Redis has confirmed every handler's subscriptions. */
  onApplicationBootstrap(): Promise<void> {
    return this.start(async () => {
      this.stage = 'subscribed';
      await this.session.subscribe(this.handlers);
      await this.checkKeyspace(this.handlers);
    });
  }

  private start(work: () => Promise<void>): Promise<void> {
    return this.buses.startTogether(async () => {
      try {
        await work();
      } catch (error) {
        this.session.reportFailure(error);
        throw error;
      }
    });
  }

  /**
   * Lazily loaded modules have no lifecycle hooks.
   * @throws ConfigurationError, StartupError as the start does; the application then continues without their handlers.
   */
  private async serveNewModules(): Promise<void> {
    if (this.stage === 'init' || this.stage === 'stopping') return;
    const handlers = this.explore();
    if (handlers.length === 0) return;
    this.tell(reportHandlers(handlers, undefined));
    if (this.stage === 'explored') {
      this.handlers = [...this.handlers, ...handlers];
      return;
    }
    await this.session.subscribeLater(handlers);
    await this.checkKeyspace(handlers);
  }

  /** Runs once there is a connection: later, with `startup.onFailure: 'retry'`. */
  private async checkKeyspace(handlers: readonly EventHandler[]): Promise<void> {
    const { transport, reporter, settings, status } = this.runtime;
    const check = new KeyspaceCheck(transport, reporter, settings.keyspace.ensure);
    if (status.current === 'ready') return check.run(handlers);
    const late = status.whenReady().then(() => check.run(handlers));
    late.catch((error: unknown) => {
      if (!(error instanceof BusClosedError)) check.warnUnknown('', error);
    });
  }

  /** Stops receiving, then drains. Messages that Redis has already sent are still handled. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stage = 'stopping';
    this.lazyModules.stop();
    this.session.warnOfUnfinished(await this.session.drain());
  }

  /** After this, nothing can be published. */
  async onApplicationShutdown(): Promise<void> {
    await this.session.close();
  }

  private tell({ lines, warnings }: HandlerReport): void {
    const { reporter } = this.runtime;
    for (const sentence of lines) reporter.noted({ level: 'debug', sentence, fields: {} });
    for (const sentence of warnings) reporter.warned({ sentence, fields: {} });
  }

  private explore(): readonly EventHandler[] {
    const { settings, gapHandlers, transport } = this.runtime;
    const { name } = settings;
    const buses = this.namesOfBuses();
    const bus = { ...settings, transport, database: transport.database ?? 0 };
    const explored = this.explorer.explore(bus, buses, (moduleRef) => this.lazyModules.isComplete(moduleRef));
    const problems = [...explored.problems];
    if (buses.filter((other) => other === name).length > 1) {
      problems.push(
        `there are two buses named ${JSON.stringify(name)}. Import EventBusModule once, or give the other one a name.`,
      );
    }
    if (problems.length > 0) throw new ConfigurationError(problems);
    // Warn once per application.
    if (name === buses[0]) this.warnOfUnheard(explored.unheard);
    gapHandlers.add(explored.gapHandlers);
    return explored.handlers;
  }

  private warnOfUnheard(methods: readonly string[]): void {
    if (methods.length === 0) return;
    this.runtime.reporter.warned({
      sentence: '@OnEvent of @nestjs/event-emitter is never called without EventEmitterModule',
      fields: { methods },
      advice: "Import OnEvent from 'nestjs-redis-event-bus', or import EventEmitterModule.forRoot().",
    });
  }

  /** The names of all buses of this application. */
  private namesOfBuses(): readonly string[] {
    const names: string[] = [];
    for (const moduleRef of this.modules.values()) {
      const settings = moduleRef.providers.get(EVENT_BUS_SETTINGS)?.instance as EventBusSettings | undefined;
      if (settings !== undefined) names.push(settings.name);
    }
    return names;
  }
}
