import * as realTime from '../real.time.js';

/** How a connection proves that it is alive. */
export interface RedisHeartbeatOptions {
  /**
   * How often each of the two connections asks the server for a sign of life, and whether every subscription still
   * exists, in milliseconds. At least 50.
   * @default 2000
   */
  readonly intervalMs?: number | undefined;
  /**
   * A server that does not answer for that long, in milliseconds, is considered gone, and the connection is replaced. At least 50.
   * @default 2000
   */
  readonly timeoutMs?: number | undefined;
}

/** The connection whose life is to be proved. */
export interface HeartbeatLink {
  /** Received on this link until now. */
  readonly bytesRead: number;
  /** Something was asked that is not answered yet. */
  readonly isAwaitingReply: boolean;
  /** Asks for an answer. Resolves with it, whatever it says; rejects when the link is gone. */
  ping(): Promise<void>;
  /** Ends the link at once, so that the next attempt begins. */
  destroy(reason: Error): void;
  /** This process, not the server, has stood still for at least so long. */
  blocked(blockedMs: number): void;
}

/** What the heart beats by. */
export interface HeartbeatTime {
  readonly performance: { now(): number };
  readonly setTimeout: (act: () => void, delayMs: number) => NodeJS.Timeout;
  readonly clearTimeout: (timer: NodeJS.Timeout) => void;
}

interface Expectation {
  readonly of: 'heartbeat' | 'handshake';
  readonly sinceMs: number;
  bytesRead: number;
  /** So many more time-outs it may wait for bytes alone. */
  patience: number;
}

const DEFAULT_INTERVAL_MS = 2_000;
const DEFAULT_TIMEOUT_MS = 2_000;
/** For so many time-outs an answer may be behind what else comes. A server that is gone may leave somebody who still sends. */
const PATIENCE = 4;

/**
 * Proves that a link is alive, or ends it. TCP tells nothing of a half-open link or a server that has stopped, and an idle
 * subscriber would wait for ever.
 */
export class RedisHeartbeat {
  private readonly intervalMs: number;
  private readonly timeoutMs: number;
  private timer: NodeJS.Timeout | undefined;
  private dueAtMs = 0;
  private expected: Expectation | undefined;
  private isBlocked = false;

  constructor(
    private readonly link: HeartbeatLink,
    { intervalMs, timeoutMs }: RedisHeartbeatOptions = {},
    /** Not that of a test which has its own, under which every link would be late. */
    private readonly time: HeartbeatTime = realTime,
  ) {
    this.intervalMs = intervalMs ?? DEFAULT_INTERVAL_MS;
    this.timeoutMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** The event loop was blocked, and no beat has been on time since. */
  get wasBlocked(): boolean {
    return this.isBlocked;
  }

  /** The server has accepted the connection and owes the answers to what the driver asks first. */
  expectHandshake(): void {
    this.expect('handshake');
  }

  /** The link is live: beats until stopped. */
  start(): void {
    this.expected = undefined;
    this.beatIn(this.intervalMs);
  }

  stop(): void {
    this.disarm();
    this.expected = undefined;
  }

  private beatIn(delayMs: number): void {
    this.arm(delayMs, (isOnTime) => {
      if (isOnTime) this.isBlocked = false;
      const expectation = this.expect('heartbeat');
      this.link.ping().then(
        () => this.answered(expectation),
        () => undefined,
      );
    });
  }

  private answered(expectation: Expectation): void {
    if (this.expected !== expectation) return;
    this.expected = undefined;
    this.beatIn(Math.max(0, expectation.sinceMs + this.intervalMs - this.time.performance.now()));
  }

  private expect(of: Expectation['of']): Expectation {
    const expectation = {
      of,
      sinceMs: this.time.performance.now(),
      bytesRead: this.link.bytesRead,
      patience: PATIENCE,
    };
    this.expected = expectation;
    this.await(expectation);
    return expectation;
  }

  private await(expectation: Expectation): void {
    this.arm(this.timeoutMs, () => {
      // The answer may have come while the loop was blocked: two turns read what waits in the socket.
      realTime.setImmediate(() => realTime.setImmediate(() => this.judge(expectation)));
    });
  }

  private judge(expectation: Expectation): void {
    if (this.expected !== expectation) return;
    const { bytesRead, isAwaitingReply } = this.link;
    // Answered after all, and after the time that the user gives a command.
    if (expectation.of === 'heartbeat' && !isAwaitingReply) return this.answered(expectation);
    // While a server loads its data, the driver waits and asks again.
    if (!isAwaitingReply) expectation.patience = PATIENCE + 1;
    // It may be behind much else that is on its way.
    if (!isAwaitingReply || (bytesRead > expectation.bytesRead && expectation.patience > 0)) {
      expectation.patience -= 1;
      expectation.bytesRead = bytesRead;
      this.await(expectation);
      return;
    }
    this.link.destroy(new Error(`no answer to the ${expectation.of} within ${this.timeoutMs} ms`));
  }

  private arm(delayMs: number, act: (isOnTime: boolean) => void): void {
    this.disarm();
    this.dueAtMs = this.time.performance.now() + delayMs;
    this.timer = this.time.setTimeout(() => act(this.disarm()), delayMs);
    this.timer.unref();
  }

  /** False when the timer is, or would have been, much later than due: nothing else ran either. */
  private disarm(): boolean {
    if (this.timer === undefined) return true;
    this.time.clearTimeout(this.timer);
    this.timer = undefined;
    const lateMs = this.time.performance.now() - this.dueAtMs;
    if (lateMs < this.timeoutMs / 2) return true;
    if (!this.isBlocked) this.link.blocked(Math.round(lateMs));
    this.isBlocked = true;
    return false;
  }
}
