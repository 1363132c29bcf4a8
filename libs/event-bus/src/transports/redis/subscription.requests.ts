import { setImmediate } from '../real.time.js';
import type { SubscriptionRequest, SubscriptionTable } from '../subscription-table.js';
import { isReplyError } from './redis.errors.js';
import { NAMES_PER_COMMAND, SUBSCRIBE } from './subscription.commands.js';

/** Permissions change seldom, and every attempt leaves a line in the server's ACL log. */
const DENIED_RETRY_MS = 30_000;

/** Between two attempts at what the server has refused for the time being: at first, and at most. */
const POSTPONED_MS = 50;
const MAX_POSTPONED_MS = 1_000;

/** As much of a connection as requests need. */
export interface RequestLink {
  readonly isUp: boolean;
  send(name: string, args: readonly string[], answered: (reply: unknown) => void): Promise<void>;
}

export interface RequestListener {
  /** At its place in the byte stream. */
  confirmed(request: SubscriptionRequest): void;
  refused(request: SubscriptionRequest, error: Error): void;
  /** Something is postponed, or asked for again. */
  changed(): void;
}

/** Asks the server for what the table wants: in commands of a bounded size, and later where it refuses for the time being. */
export class SubscriptionRequests {
  private isPausing = false;
  private isClosed = false;
  private retryTimer: NodeJS.Timeout | undefined;
  /** Nothing is asked for until then. */
  private postponedTimer: NodeJS.Timeout | undefined;
  private postponements = 0;
  private reason: string | undefined;

  constructor(
    private readonly link: RequestLink,
    private readonly table: SubscriptionTable,
    private readonly listener: RequestListener,
  ) {}

  /** Why the server does not answer for what is wanted, for the time being. */
  get postponedReason(): string | undefined {
    return this.reason;
  }

  /** At most one full command in a turn of the event loop: ten thousand names in one go would hold up everything else. */
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
        // Anything but an answer means that the link has gone, and everything with it.
        if (isReplyError(error) && !this.isClosed) this.listener.refused(request, error);
      });
  }

  /** It says nothing of these targets that the server is busy, loads its data, or has lost its master: asks again soon. */
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

  /** Nothing is postponed any more. */
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
