import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import type { EventHandler } from './dispatching/event.handler.js';
import { ConfigurationError, EventBusError, StartupError, reasonOf } from './errors.js';
import { EVENT_BUS_SETTINGS } from './event-bus.constants.js';
import type { EventBusSettings } from './event-bus.options.js';
import type { EventBusRuntime } from './event-bus.runtime.js';
import { HandlerExplorer } from './handlers/handler.explorer.js';
import { nestInternals } from './handlers/nest.internals.js';
import { reportHandlers } from './introspection/handler.report.js';
import { readTarget } from './contracts/contract.target.js';
import { targetKey } from './routing/subscription-target.js';
import type { SubscribeOutcome } from './transports/event.transport.js';
import { withDeadline } from './deadline.js';

/** Starts and stops one bus with the application. */
export class EventBusLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private handlers: readonly EventHandler[] = [];
  /** The application has started without the bus: nothing waits for it any more. */
  private isLate = false;
  private isStopping = false;

  constructor(
    private readonly runtime: EventBusRuntime,
    private readonly modules: ModulesContainer,
    private readonly creator: ExternalContextCreator,
  ) {}

  /** Checks the handlers before anything else can fail, then connects: from here on the publisher works. */
  async onModuleInit(): Promise<void> {
    const { runtime } = this;
    this.handlers = this.explore();
    const { transport, settings } = runtime;
    const contracts = settings.contracts?.map((contract) => readTarget(contract, settings.prefix));
    runtime.observer.handlersFound(reportHandlers(this.handlers, contracts));
    const { timeoutMs } = settings.startup;
    try {
      await withDeadline(transport.connect(), timeoutMs, () => {
        const reason = transport.state.reason ?? 'no answer';
        return new StartupError(
          `No connection to ${transport.name} at ${transport.address} within ${timeoutMs} ms (${reason}). Start it, or correct the url of the transport; startup.onFailure: 'retry' starts without it.`,
        );
      });
    } catch (error) {
      await this.failed(toStartupError(error));
    }
  }

  /** Resolves when Redis has confirmed every handler's subscriptions. */
  async onApplicationBootstrap(): Promise<void> {
    const { registry, settings, transport } = this.runtime;
    const { timeoutMs } = settings.startup;
    const confirmed = registry.add(this.handlers).then((outcomes) => this.started(outcomes));
    if (this.isLate) {
      confirmed.catch((error: unknown) => this.failed(toStartupError(error)));
      return;
    }
    try {
      await withDeadline(confirmed, timeoutMs, () => {
        const reason = transport.state.reason ?? 'no answer';
        return new StartupError(
          `${transport.name} at ${transport.address} did not confirm every subscription within ${timeoutMs} ms (${reason}).`,
        );
      });
    } catch (error) {
      await this.failed(toStartupError(error));
    }
  }

  /** Intake off, then drain. What Redis had sent by then is still handled. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const { registry, receiver, dispatcher, observer, settings } = this.runtime;
    const { drainTimeoutMs } = settings.shutdown;
    const drained = (async () => {
      await registry.unsubscribeAll();
      receiver.close();
      await dispatcher.whenIdle();
    })();
    const late = new Error('drainTimeoutMs is over');
    try {
      await withDeadline(drained, drainTimeoutMs, () => late);
    } catch (error) {
      receiver.close();
      if (error !== late) throw error;
      const unfinished = dispatcher.abandon(new Error('The application is shutting down.'));
      if (unfinished.length > 0) observer.drainIncomplete(unfinished, drainTimeoutMs);
    }
  }

  /** After this nothing can be published. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private explore(): readonly EventHandler[] {
    const { name, prefix } = this.runtime.settings;
    const buses = this.namesOfBuses();
    const explorer = new HandlerExplorer(this.modules, nestInternals(this.creator));
    const { handlers, problems } = explorer.explore(name, prefix, buses);
    const twice = buses.filter((bus) => bus === name).length > 1;
    const all = twice
      ? [
          ...problems,
          `there are two buses named ${JSON.stringify(name)}. Import EventBusModule once, or give the other one a name.`,
        ]
      : problems;
    if (all.length > 0) throw new ConfigurationError(all);
    return handlers;
  }

  /** Of every EventBusModule in this application. */
  private namesOfBuses(): readonly string[] {
    const names: string[] = [];
    for (const moduleRef of this.modules.values()) {
      const settings = moduleRef.providers.get(EVENT_BUS_SETTINGS)?.instance as EventBusSettings | undefined;
      if (settings !== undefined) names.push(settings.name);
    }
    return names;
  }

  private async started(outcomes: readonly SubscribeOutcome[]): Promise<void> {
    const { status, observer, transport } = this.runtime;
    if (this.isStopping) return;
    status.start();
    const refused = outcomes.filter((outcome) => outcome.error !== undefined);
    if (refused.length > 0) throw new StartupError(this.refusalOf(refused), { cause: refused[0]?.error });
    observer.started(
      transport.name,
      transport.address,
      this.handlers.length,
      transport.subscriptions().length,
    );
  }

  private refusalOf(refused: readonly SubscribeOutcome[]): string {
    const lines = refused.map(({ target, error }) => {
      const key = targetKey(target);
      const names = this.handlers
        .filter((handler) => handler.targets.some(({ subscription }) => targetKey(subscription) === key))
        .map((handler) => handler.name);
      return `${error?.message} (handlers: ${names.join(', ')})`;
    });
    return [...new Set(lines)].join('\n');
  }

  /** Fails the start, or lets the bus go on trying, as `startup.onFailure` says. */
  private async failed(error: StartupError): Promise<void> {
    const { settings, observer, status } = this.runtime;
    if (settings.startup.onFailure === 'retry') {
      this.isLate = true;
      status.degrade();
      observer.startingDegraded(error);
      return;
    }
    await this.close();
    throw error;
  }

  private async close(): Promise<void> {
    const { transport, status, receiver } = this.runtime;
    this.isStopping = true;
    receiver.close();
    await transport.close();
    status.update({ status: 'closed' });
  }
}

function toStartupError(error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  const message =
    error instanceof EventBusError ? error.message : `The event bus cannot start: ${reasonOf(error)}`;
  return new StartupError(message, { cause: error });
}
