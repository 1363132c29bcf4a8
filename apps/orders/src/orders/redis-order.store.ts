import { type Order, orderSchema } from '@libs/shop-events';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { OrderStore } from './order.store.js';

/** The ids of all orders, scored by when they were placed. */
const INDEX = 'orders';

/** KEYS: the order. ARGV: the status it must have, then the fields to set and their values. */
const SET_IF_STATUS = `
if redis.call('HGET', KEYS[1], 'status') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1`;

/** A hash for each order, and an index. */
export class RedisOrderStore extends OrderStore implements OnApplicationShutdown {
  private readonly redis: Redis;

  constructor(url: string) {
    super();
    // A request answers with an error rather than wait for Redis to come back.
    this.redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, commandTimeout: 5_000 });
    // The command that fails reports it; without a listener ioredis prints it as well.
    this.redis.on('error', () => undefined);
  }

  async add(order: Order): Promise<void> {
    const { id, createdAt } = order;
    await all(
      this.redis
        .multi()
        .hset(keyOf(id), { ...order, items: JSON.stringify(order.items) })
        .zadd(INDEX, Date.parse(createdAt), id),
    );
  }

  async find(id: string): Promise<Order | undefined> {
    return toOrder(await this.redis.hgetall(keyOf(id)));
  }

  async list(limit: number): Promise<Order[]> {
    const ids = await this.redis.zrevrange(INDEX, 0, limit - 1);
    const reads = this.redis.pipeline();
    for (const id of ids) reads.hgetall(keyOf(id));
    const orders = (await all(reads)).map((hash) => toOrder(hash as Record<string, string>));
    return orders.filter((order) => order !== undefined);
  }

  async replace(current: Order, next: Order): Promise<boolean> {
    const changes = ['status', next.status, 'updatedAt', next.updatedAt];
    return (await this.redis.eval(SET_IF_STATUS, 1, keyOf(current.id), current.status, ...changes)) === 1;
  }

  /** Not earlier: handlers and requests still run in beforeApplicationShutdown. */
  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}

function keyOf(id: string): string {
  return `order:${id}`;
}

function toOrder(hash: Record<string, string>): Order | undefined {
  const { items, total } = hash;
  if (items === undefined) return undefined;
  return orderSchema.parse({ ...hash, items: JSON.parse(items), total: Number(total) });
}

/** The replies of a transaction or pipeline. @throws the first error among them. */
async function all(commands: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const replies = (await commands.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
