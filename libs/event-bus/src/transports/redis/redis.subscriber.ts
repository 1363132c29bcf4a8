import { BusClosedError, SubscriptionRefusedError, reasonOf } from '../../errors.js';
import type { SubscriptionKind, SubscriptionTarget } from '../../routing/subscription-target.js';
import { targetKey } from '../../routing/subscription-target.js';
import type { SubscribeOutcome, SubscriptionInfo, TransportListener } from '../event.transport.js';
import type { SubscriptionRequest } from '../subscription-table.js';
import { SubscriptionTable } from '../subscription-table.js';
import type { RedisConnection } from './redis.connection.js';
import { isReplyError } from './redis.errors.js';

const KINDS = ['channel', 'pattern', 'shard'] as const;
const SUBSCRIBE = { channel: 'subscribe', pattern: 'psubscribe', shard: 'ssubscribe' } as const;
const UNSUBSCRIBE = { channel: 'unsubscribe', pattern: 'punsubscribe', shard: 'sunsubscribe' } as const;

/** Names in one command: few round trips, and no command that keeps the server or this process busy for long. */
const NAMES_PER_COMMAND = 500;
/** Permissions change seldom, and every attempt leaves a line in the server's ACL log. */
const DENIED_RETRY_MS = 30_000;

/** Keeps the wanted subscriptions confirmed on one connection, and passes on what they deliver. */
export class RedisSubscriber {
  private readonly table = new SubscriptionTable();
  private readonly waiting = new Map<string, ((outcome: SubscribeOutcome) => void)[]>();
  /**
   * What the broker delivers at this place of the byte stream, by the channel or glob that a delivery names; per
   * kind, so that a message costs one look-up.
   */
  private readonly delivering: Readonly<Record<SubscriptionKind, Map<string, SubscriptionTarget>>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  };
  private retryTimer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly connection: RedisConnection,
    private readonly listener: TransportListener,
    /** Called when {@link isWhole} may have changed. */
    private readonly changed: () => void,
  ) {
    const { redis } = connection;
    redis.on('messageBuffer', (channel: Buffer, body: Buffer) => {
      this.deliver('channel', channel.toString(), channel, body);
    });
    redis.on('pmessageBuffer', (pattern: Buffer | string, channel: Buffer, body: Buffer) => {
      this.deliver('pattern', pattern.toString(), channel, body);
    });
    redis.on('smessageBuffer', (channel: Buffer, body: Buffer) => {
      this.deliver('shard', channel.toString(), channel, body);
    });
  }

  /** Every subscription that was answered once is confirmed now. */
  get isWhole(): boolean {
    return this.table.isWhole;
  }

  /** The link is live: asks for everything that is wanted. */
  resume(): void {
    for (let request = this.next(); request !== undefined; request = this.next()) this.request(request);
    this.changed();
  }

  /** The link is gone, and with it everything that came through it. */
  suspend(): void {
    this.table.lose();
    this.released(KINDS.flatMap((kind) => [...this.delivering[kind].values()]));
    this.changed();
  }

  subscribe(targets: readonly SubscriptionTarget[]): Promise<readonly SubscribeOutcome[]> {
    const outcomes = Promise.all(targets.map((target) => this.hold(target)));
    if (this.connection.isUp) this.resume();
    return outcomes;
  }

  async unsubscribe(targets: readonly SubscriptionTarget[]): Promise<void> {
    const told = targets.filter((target) => this.table.drop(target));
    for (const target of targets) this.settle({ target, error: new Error('it was unsubscribed meanwhile') });
    this.changed();
    // Without a link the broker delivers nothing, and what was dropped is not asked for on the next one.
    if (!this.connection.isUp) return;
    await Promise.all(
      KINDS.flatMap((kind) =>
        chunksOf(
          told.filter((target) => target.kind === kind),
          NAMES_PER_COMMAND,
        ).map((chunk) => this.release(kind, chunk)),
      ),
    );
  }

  subscriptions(): readonly SubscriptionInfo[] {
    return this.table.list();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.retryTimer);
    for (const { target } of this.table.list()) this.settle({ target, error: new BusClosedError() });
  }

  /** Resolves when the broker has answered for this target. */
  private hold(target: SubscriptionTarget): Promise<SubscribeOutcome> {
    // It may still be on its way out: what comes before the new confirmation belongs to the old subscription.
    if (this.table.hold(target)) this.released([target]);
    const state = this.table.stateOf(target);
    if (state === 'active') return Promise.resolve({ target });
    if (state === 'denied') this.table.retry(target);
    return new Promise((resolve) => {
      const key = targetKey(target);
      this.waiting.set(key, [...(this.waiting.get(key) ?? []), resolve]);
    });
  }

  private next(): SubscriptionRequest | undefined {
    return this.table.request(NAMES_PER_COMMAND);
  }

  private request(request: SubscriptionRequest): void {
    const names = request.targets.map((target) => target.name);
    this.connection
      .send(SUBSCRIBE[request.kind], names, () => this.confirmed(request))
      .catch((error: unknown) => {
        // Anything but an answer means that the link has gone, which suspend() deals with.
        if (isReplyError(error)) this.refused(request, error);
      });
  }

  private confirmed(request: SubscriptionRequest): void {
    if (this.isClosed) return;
    const targets = this.table.confirm(request);
    if (targets.length === 0) return;
    for (const target of targets) this.delivering[target.kind].set(target.name, target);
    this.tell((listener) => listener.confirmed(targets));
    for (const target of targets) this.settle({ target });
    this.changed();
  }

  private refused(request: SubscriptionRequest, error: Error): void {
    if (this.isClosed) return;
    for (const single of this.table.refuse(request, reasonOf(error))) this.request(single);
    for (const target of request.targets) {
      if (this.table.stateOf(target) !== 'denied') continue;
      this.settle({ target, error: new SubscriptionRefusedError(target.name, { cause: error }) });
      this.retryLater();
    }
    this.changed();
  }

  private retryLater(): void {
    if (this.retryTimer !== undefined) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.table.retryDenied();
      if (this.connection.isUp) this.resume();
    }, DENIED_RETRY_MS);
    this.retryTimer.unref();
  }

  private async release(kind: SubscriptionKind, targets: readonly SubscriptionTarget[]): Promise<void> {
    // What was asked for again meanwhile is no business of this answer any more, see hold().
    const answered = () =>
      this.released(targets.filter((target) => this.table.stateOf(target) === undefined));
    const names = targets.map((target) => target.name);
    // A refusal (no permission to unsubscribe) or a lost link: nobody is interested in what may still come.
    await this.connection.send(UNSUBSCRIBE[kind], names, answered).catch(answered);
  }

  /** Nothing that comes through these from here on is passed on. */
  private released(targets: readonly SubscriptionTarget[]): void {
    const gone = targets.filter((target) => this.delivering[target.kind].delete(target.name));
    if (gone.length > 0 && !this.isClosed) this.tell((listener) => listener.released(gone));
  }

  private settle(outcome: SubscribeOutcome): void {
    const key = targetKey(outcome.target);
    const listeners = this.waiting.get(key);
    if (listeners === undefined) return;
    this.waiting.delete(key);
    for (const listener of listeners) listener(outcome);
  }

  private deliver(kind: SubscriptionKind, name: string, channel: Buffer, body: Buffer): void {
    if (this.isClosed) return;
    const target = this.delivering[kind].get(name);
    if (target === undefined) return;
    this.tell((listener) => listener.message(target, kind === 'pattern' ? channel.toString() : name, body));
  }

  private tell(call: (listener: TransportListener) => void): void {
    try {
      call(this.listener);
    } catch {
      // The listener's contract is not to throw; a throw here would end the process or lose the rest of the chunk.
    }
  }
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
