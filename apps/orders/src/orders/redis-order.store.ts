import {
  type Order,
  orderKey,
  orderSchema,
  ORDERS_BY_CHANGE_KEY,
  type OrderStatus,
  type RedisClient,
} from '@libs/shop-events';
import type { OnApplicationShutdown } from '@nestjs/common';
import { changeId, OrderStore, parseChangeId } from './order.store.js';
import { asItWas } from './ordering.js';
import { ORDERS_BY_AGE_KEY, STORE_CHANGE, UNANNOUNCED_KEY } from './store-change.js';

/** A hash for each order, and three indexes. */
export class RedisOrderStore extends OrderStore implements OnApplicationShutdown {
  /** @param redis its own client, which it disconnects */
  constructor(private readonly redis: RedisClient) {
    super();
  }

  async add(order: Order): Promise<void> {
    await this.storeChange('', order);
  }

  async find(id: string): Promise<Order | undefined> {
    return toOrder(await this.redis.hgetall(orderKey(id)));
  }

  async list(limit: number): Promise<Order[]> {
    const orders = await this.findAll(await this.redis.zrevrange(ORDERS_BY_AGE_KEY, 0, limit - 1));
    return orders.filter((order) => order !== undefined);
  }

  replace(current: Order, next: Order): Promise<boolean> {
    return this.storeChange(current.status, next);
  }

  async unannounced(limit: number): Promise<Order[]> {
    const changes = await this.redis.zrange(UNANNOUNCED_KEY, 0, String(limit - 1));
    const orders = await this.findAll(changes.map((change) => parseChangeId(change).id));
    return changes.flatMap((change, index) => {
      const order = orders[index];
      return (order && asItWas(order, parseChangeId(change).status)) ?? [];
    });
  }

  async markAnnounced(order: Order): Promise<void> {
    await this.redis.zrem(UNANNOUNCED_KEY, changeId(order));
  }

  /** Not in an earlier hook: handlers and requests still run in beforeApplicationShutdown. */
  onApplicationShutdown(): void {
    this.redis.disconnect();
  }

  /** False if the order does not have the required status. */
  private async storeChange(from: OrderStatus | '', order: Order): Promise<boolean> {
    const { id, createdAt, items, history } = order;
    const fields = { ...order, items: JSON.stringify(items), history: JSON.stringify(history) };
    const keys = [orderKey(id), ORDERS_BY_AGE_KEY, ORDERS_BY_CHANGE_KEY, UNANNOUNCED_KEY];
    const change = [id, from, changeId(order), Date.parse(createdAt), ...Object.entries(fields).flat()];
    return (await this.redis.eval(STORE_CHANGE, keys.length, ...keys, ...change)) === 1;
  }

  private async findAll(ids: readonly string[]): Promise<(Order | undefined)[]> {
    const reads = this.redis.pipeline();
    for (const id of ids) reads.hgetall(orderKey(id));
    return (await all(reads)).map((hash) => toOrder(hash as Record<string, string>));
  }
}

function toOrder(hash: Record<string, string>): Order | undefined {
  const { items, history, total } = hash;
  if (items === undefined || history === undefined) return undefined;
  return orderSchema.parse({
    ...hash,
    items: JSON.parse(items),
    history: JSON.parse(history),
    total: Number(total),
  });
}

/** The replies of a transaction or pipeline. @throws the first error among them. */
async function all(commands: ReturnType<RedisClient['pipeline']>): Promise<unknown[]> {
  const replies = (await commands.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
