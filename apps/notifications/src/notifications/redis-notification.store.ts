import { randomUUID } from 'node:crypto';
import type { RedisClient } from '@libs/shop-events';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Notification } from './notification.js';
import { type ClaimOutcome, NotificationStore } from './notification.store.js';

// With one hash tag, like the keys of the orders, and with the same limitation.
const COUNT_KEY = '{notifications}:count';
const RECONCILED_TO_KEY = '{notifications}:reconciled-to';

/** KEYS: the notification. ARGV: the claim, its lease. Renews this process's own claim: the reply to it was lost. */
const CLAIM = `
local held = redis.call('GET', KEYS[1])
if held == 'sent' then return 'sent' end
if held and held ~= ARGV[1] then return 'taken' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'claimed'`;

/** KEYS: the notification, the customer's list, the count. ARGV: the notification as JSON. */
const SAVE_ONCE = `
if redis.call('GET', KEYS[1]) == 'sent' then return end
redis.call('SET', KEYS[1], 'sent')
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('INCR', KEYS[3])`;

/** KEYS: the notification. ARGV: the claim. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** A key for each notification, which holds its claim until it is sent, a list for each customer, and a count of all. */
export class RedisNotificationStore extends NotificationStore implements OnApplicationShutdown {
  private readonly ownClaim = `claimed by ${randomUUID()}`;

  /**
   * @param redis its own client, which it disconnects
   * @param leaseMs how long a claim lasts. Longer than any sending.
   */
  constructor(
    private readonly redis: RedisClient,
    private readonly leaseMs: number,
  ) {
    super();
  }

  async claim(id: string): Promise<ClaimOutcome> {
    return (await this.redis.eval(CLAIM, 1, keyOf(id), this.ownClaim, this.leaseMs)) as ClaimOutcome;
  }

  async save(notification: Notification): Promise<void> {
    const { id, customerId } = notification;
    const keys = [keyOf(id), listOf(customerId), COUNT_KEY];
    await this.redis.eval(SAVE_ONCE, keys.length, ...keys, JSON.stringify(notification));
  }

  async release(id: string): Promise<void> {
    await this.redis.eval(RELEASE, 1, keyOf(id), this.ownClaim);
  }

  async list(customerId: string, limit: number): Promise<Notification[]> {
    const texts = await this.redis.lrange(listOf(customerId), -limit, -1);
    return texts.map((text) => JSON.parse(text) as Notification);
  }

  async count(customerId?: string): Promise<number> {
    if (customerId !== undefined) return this.redis.llen(listOf(customerId));
    return Number((await this.redis.get(COUNT_KEY)) ?? 0);
  }

  async reconciledTo(): Promise<number> {
    return Number((await this.redis.get(RECONCILED_TO_KEY)) ?? 0);
  }

  async saveReconciledTo(position: number): Promise<void> {
    await this.redis.set(RECONCILED_TO_KEY, position);
  }

  /** Not in an earlier hook: handlers still run in beforeApplicationShutdown. */
  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}

function keyOf(id: string): string {
  return `{notifications}:notification:${id}`;
}

function listOf(customerId: string): string {
  return `{notifications}:customer:${customerId}`;
}
