import type { ReadPacket, WritePacket } from '@nestjs/microservices';
import { ClientProxy } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { Observable as RxObservable, Subject, connectable, from, throwError } from 'rxjs';
import type { ApplicationBus } from '../module/application.buses.js';
import { APPLICATION_BUS } from '../module/application.buses.js';
import { CallContext } from '../dispatching/call.context.js';
import {
  BusClosedError,
  EventBusError,
  InvalidChannelError,
  InvalidOptionError,
  NotConnectedError,
  StartupError,
} from '../errors.js';
import { propertyOf } from '../foreign.js';
import type { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { publishProblem } from '../routing/channel-prefix.js';
import { nameProblem } from '../routing/name.problem.js';
import type { MicroserviceStatus } from './microservice.status.js';
import { StatusReporter } from './microservice.status.js';
import type { ClientSettings, EventBusClientOptions, RequestOptions } from './microservices.options.js';
import { clientSettings, timeoutProblem } from './microservices.options.js';
import { routeOf } from './nest-packet.codec.js';
import { RequestExchange } from './request.exchange.js';

/** Nest's default type of results and data. */
type Untyped = Parameters<ClientProxy['send']>[0];

/**
 * Emits events and sends requests, as Nest's `ClientProxy`: `new EventBusClient({ transport: redis({ url }) })`, or
 * `ClientsModule.register([{ name: 'ORDERS', customClass: EventBusClient, options: { transport: redis({ url }) } }])`.
 *
 * Connects on first use, or with {@link connect}. A string pattern is a channel; an object is the channel that Nest derives
 * from it.
 */
export class EventBusClient extends ClientProxy {
  protected readonly [APPLICATION_BUS]: ApplicationBus = { abandon: () => this.close() };

  private readonly settings: ClientSettings;
  private readonly reporter = new StatusReporter(
    (status) => this._status$.next(status),
    (error) => this.exchange.session.runtime.reporter.listenerFailed('on()', error),
  );
  /** Connects in this context: the AsyncLocalStorage stores of the call that connects must not reach later callbacks. */
  private readonly context = new CallContext();
  private exchange: RequestExchange;
  private connecting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  /** @throws ConfigurationError with all problems of the options. */
  constructor(options: EventBusClientOptions) {
    super();
    this.settings = clientSettings(options);
    this.exchange = this.newExchange();
  }

  /** `connected`, `reconnecting` or `disconnected`: the current status, then every change. */
  override get status(): Observable<MicroserviceStatus> {
    return super.status as Observable<MicroserviceStatus>;
  }

  /**
   * Resolves when messages can be sent, immediately if they can; with `startup.onFailure: 'retry'` also when the time is up.
   *
   * @throws StartupError when there is no connection within `startup.timeoutMs`; the next call tries again.
   * @throws BusClosedError after {@link close}.
   */
  connect(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new BusClosedError());
    this.connecting ??= this.open();
    return this.connecting;
  }

  /**
   * Fails pending requests with a BusClosedError, waits until publishes in flight have settled, and disconnects. Idempotent.
   */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /**
   * Publishes an event, even if the result is not subscribed to. The result completes when Redis has accepted the event. The
   * data is serialized during the call; later changes to it are not sent.
   *
   * A StartupError or NotConnectedError has the connection's own `code` (ECONNREFUSED, …), as with Nest's client.
   *
   * Errors with InvalidChannelError, PayloadEncodeError, PayloadTooLargeError, StartupError, NotConnectedError, BusClosedError,
   * PublishRefusedError, or PublishUnconfirmedError when the event may have been delivered.
   */
  override emit<TResult = Untyped, TInput = Untyped>(pattern: unknown, data: TInput): Observable<TResult> {
    if (isMissing(pattern) || isMissing(data)) return super.emit(pattern, data);
    const emit = async () => this.dispatchEvent<TResult>(this.createPacket(pattern, data));
    const emitted = connectable(from(emit()), {
      connector: () => new Subject<TResult>(),
      resetOnDisconnect: false,
    });
    emitted.connect();
    return emitted;
  }

  /**
   * Sends a request on each subscription and emits the replies; unsubscribing ends the request. The reply channel,
   * `<channel>.reply`, is subscribed before a request is sent, and while any request on it is pending.
   *
   * An error that the other side threw arrives as with Nest: `{ status, message }`, or the content of its RpcException. Besides
   * the errors of {@link emit}, it errors with a NoRespondersError when no service listens, a RequestTimeoutError, a
   * ReplyLostError when the connection is lost, a SubscriptionRefusedError, or the reason of `options.signal`.
   */
  override send<TResult = Untyped, TInput = Untyped>(
    pattern: unknown,
    data: TInput,
    options: RequestOptions = {},
  ): Observable<TResult> {
    if (isMissing(pattern) || isMissing(data)) return super.send(pattern, data);
    const { timeoutMs = this.settings.requestTimeoutMs, signal } = options;
    const problem = timeoutProblem(timeoutMs);
    if (problem !== undefined) return throwError(() => new InvalidOptionError('timeoutMs', problem));
    return new RxObservable<TResult>((observer) =>
      this.request(() => this.createPacket(pattern, data), this.createObserver(observer), {
        timeoutMs,
        signal,
      }),
    );
  }

  /** Calls back on each change to `connected`, `reconnecting` or `disconnected`. */
  override on(event: MicroserviceStatus, callback: () => void): void {
    this.reporter.on(event, callback);
  }

  /** The state of its bus, as of that of a module. Read it each time: after a failed {@link connect} the client has a new bus. */
  get inspector(): EventBusInspector {
    return this.exchange.session.runtime.inspector;
  }

  /** The ioredis clients, `[publisher, subscriber]`; with `memory()` the transport itself. */
  unwrap<T>(): T {
    const { transport } = this.exchange.session.runtime;
    return (transport.unwrap?.() ?? transport) as T;
  }

  /** The packet that `setOnDispatchHook` may add metadata to. */
  protected override createPacket<TInput>(pattern: unknown, data: TInput): ReadPacket {
    const packet: ReadPacket = { pattern, data };
    this.onDispatchHook?.(packet);
    return packet;
  }

  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    const { sender } = this.exchange;
    const message = sender.prepare({ ...packet, type: 'event' }, channelOf(packet.pattern));
    try {
      await this.connect();
    } catch (error) {
      sender.discard(message, error);
      throw error;
    }
    try {
      await sender.send(message, packet.data);
    } catch (error) {
      throw this.withConnectionCode(error);
    }
    return undefined as T;
  }

  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    return this.request(() => packet, callback, { timeoutMs: this.settings.requestTimeoutMs });
  }

  private request(
    packet: () => ReadPacket,
    callback: (packet: WritePacket) => void,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): () => void {
    try {
      const { pattern, data, metadata } = packet();
      return this.exchange.start(
        { channel: channelOf(pattern), pattern, data, metadata, ...options },
        (reply) => {
          if (reply.err instanceof EventBusError) this.withConnectionCode(reply.err);
          callback(reply);
        },
      );
    } catch (err) {
      callback({ err });
      return () => undefined;
    }
  }

  private async open(): Promise<void> {
    try {
      await this.context.run((exchange) => exchange.session.open([]), this.exchange, undefined);
    } catch (error) {
      if (this.closing !== undefined) throw new BusClosedError();
      this.withConnectionCode(error);
      // The failed attempt left nothing open; the next one starts over.
      this.connecting = undefined;
      this.exchange = this.context.run(() => this.newExchange(), undefined, undefined);
      throw error;
    }
  }

  /** Nest's own client fails with the connection's error, whose code callers check: this error has that code. */
  private withConnectionCode(error: unknown): unknown {
    if (!(error instanceof StartupError || error instanceof NotConnectedError)) return error;
    const { state } = this.exchange.session.runtime.transport;
    const code = [error.cause, state.error].map((cause) => propertyOf(cause, 'code')).find(isConnectionCode);
    if (code !== undefined) Object.assign(error, { code });
    return error;
  }

  private async end(): Promise<void> {
    this.exchange.close();
    await this.exchange.session.close();
  }

  private newExchange(): RequestExchange {
    const exchange = new RequestExchange(this.settings.bus, () => this.connect());
    this.reporter.follow(exchange.session.runtime.status);
    return exchange;
  }
}

/** A code of Node or of the driver, not of this package. */
function isConnectionCode(code: unknown): code is string {
  return typeof code === 'string' && !code.startsWith('EVENT_BUS_');
}

/** @throws InvalidChannelError */
function channelOf(pattern: unknown): string {
  const channel = routeOf(pattern);
  const problem = typeof pattern === 'object' ? nameProblem(channel) : publishProblem(channel);
  if (problem !== undefined) throw new InvalidChannelError(channel, problem);
  return channel;
}

/** Nest rejects these, because the packet would lack them. */
function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}
