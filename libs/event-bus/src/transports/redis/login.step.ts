import { Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { clearTimeout, setTimeout } from '../real.time.js';
import { connectorOf, setLogin } from './driver.internals.js';
import type { Login, RedisLogin } from './redis.credentials.js';

/** The timeout if the options have no `connectTimeout`. */
const ASK_TIMEOUT_MS = 5_000;

/** Requests the credentials of each attempt of one client, and sets them, before a connection is opened. */
export class LoginStep {
  private cancel: (() => void) | undefined;

  constructor(
    private readonly login: RedisLogin,
    /** The client, which exists when the first attempt starts. */
    private readonly client: () => Redis,
  ) {}

  get isAsking(): boolean {
    return this.cancel !== undefined;
  }

  /**
   * Resolves with true when the attempt may start, with false when it was ended in the meantime.
   *
   * @throws Error with the reason why there are no credentials
   */
  async take(): Promise<boolean> {
    const given = await this.inTime();
    if (given === undefined) return false;
    const client = this.client();
    setLogin(client, Object.assign(client.options, given));
    return true;
  }

  /** The attempt was ended. */
  end(): void {
    this.cancel?.();
  }

  private inTime(): Promise<Login | undefined> {
    const timeoutMs = this.client().options.connectTimeout || ASK_TIMEOUT_MS;
    return new Promise<Login | undefined>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no answer from ${this.login.asked} within the connectTimeout of ${timeoutMs} ms`));
      }, timeoutMs);
      this.cancel = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
      this.login.ask().then(resolve, reject);
    }).finally(() => {
      this.end();
      this.cancel = undefined;
    });
  }

  /** Runs before the client's connector opens a connection. */
  install(): void {
    const redis = this.client();
    const connector = connectorOf(redis);
    const connect = connector.connect.bind(connector);
    const disconnect = connector.disconnect.bind(connector);
    const disconnectClient = redis.disconnect.bind(redis);
    let isEnded = false;
    connector.connect = async (tell) => {
      isEnded = false;
      connector.firstError = undefined;
      const isReady = await this.take().catch((error: unknown) => {
        connector.firstError = error as Error;
        return false;
      });
      if (isReady && !isEnded) return connect(tell);
      // Handled as a failed connection, not as an ended client, so that another attempt follows.
      return new Socket().destroy();
    };
    connector.disconnect = () => {
      isEnded = true;
      this.end();
      disconnect();
    };
    // There is no connection yet that another one could replace.
    redis.disconnect = (isReplaced = false) => {
      if (!isReplaced || !this.isAsking) disconnectClient(isReplaced);
    };
  }
}
