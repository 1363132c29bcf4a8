import { setImmediate } from '../real.time.js';
import type { SubscriptionRequest, SubscriptionTable } from '../subscription-table.js';
import { isReplyError } from './redis.errors.js';
import { NAMES_PER_COMMAND, SUBSCRIBE } from './subscription.commands.js';

/** Permissions rarely change, and every attempt leaves a line in the server's ACL log. */
const DENIED_RETRY_MS = 30_000;

/** The delay between two attempts after a temporary refusal: at first, and at most. */
const POSTPONED_MS = 50;
const MAX_POSTPONED_MS = 1_000;

/** The part of a connection that requests need. */
export interface RequestLink {
  readonly isUp: boolean;
  send(name: string, args: readonly string[], answered: (reply: unknown) => void): Promise<void>;
}

export interface RequestListener {
  /** Called in stream order. */
  confirmed(request: SubscriptionRequest): void;
  refused(request: SubscriptionRequest, error: Error): void;
  /** A request is postponed or repeated. */
  changed(): void;
}

/** Requests what the table wants: in commands of limited size, and later if the server refuses temporarily. */
export class SubscriptionRequests {
  private isPausing = false;
  private isClosed = false;
  private retryTimer: NodeJS.Timeout | undefined;
  /** Nothing is requested until then. */
  private postponedTimer: NodeJS.Timeout | undefined;
  private postponements = 0;
  private reason: string | undefined;

  constructor(
    private readonly link: RequestLink,
    private readonly table: SubscriptionTable,
    private readonly listener: RequestListener,
  ) {}

  /** Why the server temporarily does not answer for wanted targets. */
  get postponedReason(): string | undefined {
    return this.reason;
  }

  /** At most one full command in a turn of the event loop: ten thousand names at once would block it. */
  sendWaiting(): void {
    if (this.isPausing || this.isClosed || !this.link.isUp) return;
    if (this.postponedTimer !== undefined) return;
    for (let request = this.next(); request !== undefined; request = this.next()) {
      this.send(request);
      if (request.targets.length < NAMES_PER_COMMAND) continue;
      this.isPausing = true;
      setImmediate(() => {
        this.isPausing = false;
        this.sendWaiting();
      });
      return;
    }
  }

  send(request: SubscriptionRequest): void {
    const names = request.targets.map((target) => target.name);
    this.link
      .send(SUBSCRIBE[request.kind], names, () => this.answered(request))
      .catch((error: unknown) => {
        // Anything but an answer means that the link is lost, with all subscriptions on it.
        if (isReplyError(error) && !this.isClosed) this.listener.refused(request, error);
      });
  }

  /**
   * The server is busy, loads its data, or has lost its master: this says nothing about these targets, and they are requested
   * again soon.
   */
  postpone(request: SubscriptionRequest, reason: string): void {
    this.table.turnAway(request);
    this.reason = reason;
    if (this.postponedTimer === undefined) {
      const waitMs = Math.min(MAX_POSTPONED_MS, POSTPONED_MS * 2 ** this.postponements);
      this.postponements += 1;
      this.postponedTimer = setTimeout(() => this.sendPostponed(), waitMs);
      this.postponedTimer.unref();
    }
    this.listener.changed();
  }

  /** Cancels everything that is postponed. */
  clearPostponed(): void {
    clearTimeout(this.postponedTimer);
    this.postponedTimer = undefined;
    this.reason = undefined;
    this.postponements = 0;
  }

  retryDeniedLater(): void {
    if (this.retryTimer !== undefined) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.table.retryDenied();
      this.sendWaiting();
    }, DENIED_RETRY_MS);
    this.retryTimer.unref();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.retryTimer);
    this.clearPostponed();
  }

  private next(): SubscriptionRequest | undefined {
    return this.table.request(NAMES_PER_COMMAND);
  }

  private answered(request: SubscriptionRequest): void {
    if (this.isClosed) return;
    if (this.postponedTimer === undefined) this.clearPostponed();
    this.listener.confirmed(request);
  }

  private sendPostponed(): void {
    this.postponedTimer = undefined;
    if (!this.table.isWaiting) this.clearPostponed();
    this.sendWaiting();
    this.listener.changed();
  }
}
