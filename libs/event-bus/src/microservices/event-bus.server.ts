import { setImmediate as turn } from 'node:timers/promises';
import type { CustomTransportStrategy, MessageHandler, MsPattern } from '@nestjs/microservices';
import { Server, Transport } from '@nestjs/microservices';
import type { ApplicationBus } from '../module/application.buses.js';
import { APPLICATION_BUS } from '../module/application.buses.js';
import { ConfigurationError } from '../errors.js';
import type { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { BusSession } from './bus.session.js';
import type { MicroserviceStatus, MicroserviceStatusEvents } from './microservice.status.js';
import { StatusReporter } from './microservice.status.js';
import type { EventBusServerOptions } from './microservices.options.js';
import { serverSettings } from './microservices.options.js';
import { isPacketCodec } from './packet.codec.js';
import { PacketSender } from './packet.sender.js';
import { PatternHandlers } from './pattern.handlers.js';
import { PatternTable } from './pattern.table.js';
import { RequestResponder } from './request.responder.js';

/**
 * Runs the `@EventPattern` and `@MessagePattern` methods of controllers on the event bus:
 * `NestFactory.createMicroservice(AppModule, { strategy: new EventBusServer({ transport: redis({ url }) }) })`.
 *
 * A string pattern is a channel, a Redis glob or a template, and all of them can be mixed; an object is always a channel.
 * Events are handled one at a time per channel and method, requests concurrently. `transportId` is `Transport.REDIS`.
 */
export class EventBusServer
  extends Server<MicroserviceStatusEvents, MicroserviceStatus>
  implements CustomTransportStrategy
{
  /** The id of the transport in Nest, e.g. in `@EventPattern(pattern, Transport.REDIS)`. */
  override transportId: Transport | symbol = Transport.REDIS;
  /** The bus reports failures of event handlers. Otherwise Nest would log them a second time. */
  override readonly propagatesEventHandlerErrors = true;

  // Nest's setters take hooks of an `unknown` context, which is what these are.
  declare protected onProcessingStartHook: (
    transportId: Transport | symbol,
    context: unknown,
    done: () => Promise<unknown>,
  ) => void;
  declare protected onProcessingEndHook: (transportId: Transport | symbol, context: unknown) => void;

  protected readonly [APPLICATION_BUS]: ApplicationBus = {
    abandon: () => this.session.abandon(),
    join: (startFailed) => {
      this.startFailed = startFailed;
    },
  };

  private readonly session: BusSession;
  /** Closes the other buses of the application. Set only if the application has an EventBusModule. */
  private startFailed: (() => Promise<void>) | undefined;
  private readonly table: PatternTable;
  private readonly patterns: PatternHandlers;
  private readonly reporter = new StatusReporter(
    (status) => this._status$.next(status),
    (error) => this.session.runtime.reporter.listenerFailed('on()', error),
  );
  private starting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  /** @throws ConfigurationError with all problems of the options. */
  constructor(options: EventBusServerOptions) {
    super();
    const settings = serverSettings(options);
    this.session = new BusSession(settings);
    this.table = new PatternTable(settings.prefix);
    const responder = new RequestResponder(new PacketSender(this.session.runtime), (values, respond) =>
      this.send(values, respond),
    );
    this.patterns = new PatternHandlers(
      this.table,
      settings.prefix,
      responder,
      {
        // Before 11.1.6 Nest has no processing hooks.
        start:
          'onProcessingStartHook' in this
            ? (context, done) => this.onProcessingStartHook(this.transportId, context, done)
            : (_context, done) => done(),
        end: (context) => this.onProcessingEndHook?.(this.transportId, context),
      },
      settings.handlerDefaults,
    );
    this.reporter.follow(this.session.runtime.status);
  }

  /** Called by Nest for each pattern of each decorated method. */
  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    callback.isEventHandler = isEventHandler;
    callback.extras = extras;
    const route = this.normalizePattern(pattern as MsPattern);
    if (!isEventHandler || !this.messageHandlers.has(route)) this.messageHandlers.set(route, callback);
    if (isEventHandler) this.table.addEvent(pattern, callback, extras);
    else this.table.addMessage(pattern, callback);
  }

  /**
   * Calls back without an error once every subscription is confirmed (with `startup.onFailure: 'retry'` also when the time is
   * up); otherwise with a ConfigurationError for invalid patterns, or with a StartupError that names the patterns. After an
   * error nothing stays open, including the application's EventBusModule buses.
   */
  listen(callback: (error?: unknown) => unknown): void {
    this.starting ??= this.start();
    void this.tell(this.starting, callback);
  }

  /**
   * Unsubscribes, waits for handlers and replies for up to `shutdown.drainTimeoutMs`, and disconnects. A warning names
   * unfinished calls, and unfinished requests are answered with an error. Idempotent.
   */
  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  /** Calls back on each change to `connected`, `reconnecting` or `disconnected`. */
  on<Event extends keyof MicroserviceStatusEvents>(
    event: Event,
    callback: MicroserviceStatusEvents[Event],
  ): void {
    this.reporter.on(event, callback);
  }

  /** The state of its bus, as of that of a module. Its handlers are known from {@link listen} on. */
  get inspector(): EventBusInspector {
    return this.session.runtime.inspector;
  }

  /** The ioredis clients, `[publisher, subscriber]`; with `memory()` the transport itself. */
  unwrap<T>(): T {
    const { transport } = this.session.runtime;
    return (transport.unwrap?.() ?? transport) as T;
  }

  private async tell(started: Promise<void>, callback: (error?: unknown) => unknown): Promise<void> {
    const [start] = await Promise.allSettled([started]);
    try {
      await (start.status === 'fulfilled' ? callback() : callback(start.reason));
    } catch (error) {
      this.session.runtime.reporter.listenerFailed('listen()', error);
    }
  }

  private async start(): Promise<void> {
    try {
      await this.open();
    } catch (error) {
      this.session.reportFailure(error);
      await this.session.abandon();
      await this.startFailed?.();
      throw error;
    }
  }

  private async open(): Promise<void> {
    const problems = [...this.table.problems, ...this.codecProblems()];
    if (problems.length > 0) throw new ConfigurationError(problems);
    await this.session.open(this.patterns.create(), (target) => this.table.namesOf(target));
  }

  private codecProblems(): string[] {
    const { codec } = this.session.runtime.settings;
    if (isPacketCodec(codec)) return [];
    return this.table.messageRoutes.map(
      ({ name }) =>
        `${name}: the ${codec.name} codec does not support requests. Write codec: nestPacket(), or use a codec from packetCodec().`,
    );
  }

  private async stop(): Promise<void> {
    const unfinished = await this.session.drain();
    if (unfinished.length > 0) {
      this.session.warnOfUnfinished(this.patterns.byPattern(unfinished));
      this.patterns.abandon();
      // The error replies are sent after this; close() waits for them.
      await turn();
    }
    await this.session.close();
  }
}
