import type { OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Notification } from './notification.js';
import { NotificationStore } from './notification.store.js';

/** A process that ends while it sends leaves its claim behind; then others may try. Longer than any sending. */
const CLAIM_TTL_MS = 60_000;

/** No notification has this key: their ids hold a status. */
const COUNT_KEY = 'notification:count';

/** A key for each notification, which is its claim until it is sent, a list for each customer, and a count of all. */
export class RedisNotificationStore extends NotificationStore implements OnApplicationShutdown {
  private readonly redis: Redis;

  constructor(url: string) {
    super();
    // A handler fails rather than wait for Redis to come back.
    this.redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, commandTimeout: 5_000 });
    // The command that fails reports it; without a listener ioredis prints it as well.
    this.redis.on('error', () => undefined);
  }

  async claim(id: string): Promise<boolean> {
    return (await this.redis.set(keyOf(id), 'claimed', 'PX', CLAIM_TTL_MS, 'NX')) === 'OK';
  }

  async save(notification: Notification): Promise<void> {
    const { id, customerId } = notification;
    const replies = await this.redis
      .multi()
      .set(keyOf(id), 'sent')
      .rpush(listOf(customerId), JSON.stringify(notification))
      .incr(COUNT_KEY)
      .exec();
    for (const [error] of replies ?? []) if (error) throw error;
  }

  async release(id: string): Promise<void> {
    await this.redis.del(keyOf(id));
  }

  async list(customerId: string, limit: number): Promise<Notification[]> {
    const texts = await this.redis.lrange(listOf(customerId), -limit, -1);
    return texts.map((text) => JSON.parse(text) as Notification);
  }

  async count(customerId?: string): Promise<number> {
    if (customerId !== undefined) return this.redis.llen(listOf(customerId));
    return Number((await this.redis.get(COUNT_KEY)) ?? 0);
  }

  /** Not earlier: handlers still run in beforeApplicationShutdown. */
  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}

function keyOf(id: string): string {
  return `notification:${id}`;
}

function listOf(customerId: string): string {
  return `notifications:${customerId}`;
}
