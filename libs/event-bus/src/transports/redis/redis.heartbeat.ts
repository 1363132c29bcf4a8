import * as realTime from '../real.time.js';

/** How a connection checks that it is alive. */
export interface RedisHeartbeatOptions {
  /**
   * How often each of the two connections sends a heartbeat to the server, and checks whether every subscription still exists,
   * in milliseconds. At least 50.
   * @default 2000
   */
  readonly intervalMs?: number | undefined;
  /**
   * A server that does not answer within this time, in milliseconds, is considered lost, and the connection is replaced. At
   * least 50.
   * @default 2000
   */
  readonly timeoutMs?: number | undefined;
}

/** The connection to check. */
export interface HeartbeatLink {
  /** Bytes received on this link so far. */
  readonly bytesRead: number;
  /** A command has no answer yet. */
  readonly isAwaitingReply: boolean;
  /** Sends a command. Resolves with any answer; rejects when the link is lost. */
  ping(): Promise<void>;
  /** Ends the link at once, so that the next attempt starts. */
  destroy(reason: Error): void;
  /** The event loop of this process was blocked for at least this long. */
  blocked(blockedMs: number): void;
}

/** The clock of the heartbeat. */
export interface HeartbeatTime {
  readonly performance: { now(): number };
  readonly setTimeout: (act: () => void, delayMs: number) => NodeJS.Timeout;
  readonly clearTimeout: (timer: NodeJS.Timeout) => void;
}

/** When a link was last known to work. */
export interface LinkProof {
  /** When the command was sent whose answer is the proof, by `performance.now()`; before the first, when the link was opened. */
  readonly sinceMs: number;
  /** How long the answer to a heartbeat took. Undefined until the first one of this link is answered. */
  readonly roundTripMs?: number;
}

interface Expectation {
  readonly of: 'heartbeat' | 'handshake';
  readonly sinceMs: number;
  bytesRead: number;
  /** How many more timeouts it may wait if bytes still arrive. */
  patience: number;
}

const DEFAULT_INTERVAL_MS = 2_000;
const DEFAULT_TIMEOUT_MS = 2_000;
/** For this many timeouts, an answer may be delayed by other data. After a server is lost, something else may still send. */
const PATIENCE = 4;

/**
 * Checks that a link is alive, or ends it. TCP does not report a half-open link or a stopped server, and an idle subscriber
 * would wait forever.
 */
export class RedisHeartbeat {
  private readonly intervalMs: number;
  private readonly timeoutMs: number;
  private timer: NodeJS.Timeout | undefined;
  private dueAtMs = 0;
  private expected: Expectation | undefined;
  private isBlocked = false;
  private latestProof: LinkProof | undefined;

  constructor(
    private readonly link: HeartbeatLink,
    { intervalMs, timeoutMs }: RedisHeartbeatOptions = {},
    /** Not the fake clock of a test, for which every link would be late. */
    private readonly time: HeartbeatTime = realTime,
  ) {
    this.intervalMs = intervalMs ?? DEFAULT_INTERVAL_MS;
    this.timeoutMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** The event loop was blocked, and no heartbeat has been on time since. */
  get wasBlocked(): boolean {
    return this.isBlocked;
  }

  /** The latest proof that the link works, or that the one before it did. Undefined before the first link. */
  get proof(): LinkProof | undefined {
    return this.latestProof;
  }

  /** The server has accepted the connection, and must answer the driver's first commands. */
  expectHandshake(): void {
    this.expect('handshake');
  }

  /** The link is live: sends heartbeats until stopped. */
  start(): void {
    this.latestProof = { sinceMs: this.time.performance.now() };
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
        () => this.proved(expectation),
        () => undefined,
      );
    });
  }

  private proved(expectation: Expectation): void {
    if (this.expected !== expectation) return;
    const { sinceMs } = expectation;
    this.latestProof = { sinceMs, roundTripMs: this.time.performance.now() - sinceMs };
    this.answered(expectation);
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
      // The answer may have arrived while the loop was blocked: two turns read the pending data of the socket.
      realTime.setImmediate(() => realTime.setImmediate(() => this.judge(expectation)));
    });
  }

  private judge(expectation: Expectation): void {
    if (this.expected !== expectation) return;
    const { bytesRead, isAwaitingReply } = this.link;
    // It was answered, but later than the command timeout of the user.
    if (expectation.of === 'heartbeat' && !isAwaitingReply) return this.answered(expectation);
    // While a server loads its data, the driver waits and retries.
    if (!isAwaitingReply) expectation.patience = PATIENCE + 1;
    // The answer may be behind other data in the stream.
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

  /** False if the timer was, or would have been, much later than due: nothing else ran either. */
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
