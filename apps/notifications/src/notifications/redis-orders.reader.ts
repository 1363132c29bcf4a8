import { oneLine, orderKey, ORDERS_BY_CHANGE_KEY, type RedisClient } from '@libs/shop-events';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type OrderNews, orderNewsSchema } from './notification.js';
import { type ChangedOrders, OrdersReader } from './orders.reader.js';

/** Reads the keys of the orders service. */
export class RedisOrdersReader extends OrdersReader implements OnApplicationShutdown {
  private readonly logger = new Logger(RedisOrdersReader.name);

  /** @param redis its own client, which it disconnects */
  constructor(private readonly redis: RedisClient) {
    super();
  }

  async changedAfter(position: number, limit: number): Promise<ChangedOrders | undefined> {
    const page = ['WITHSCORES', 'LIMIT', 0, limit] as const;
    const reply = await this.redis.zrangebyscore(ORDERS_BY_CHANGE_KEY, `(${position}`, '+inf', ...page);
    const ids = reply.filter((_, index) => index % 2 === 0);
    if (ids.length === 0) return undefined;
    return { orders: await this.read(ids), position: Number(reply.at(-1)) };
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }

  private async read(ids: readonly string[]): Promise<OrderNews[]> {
    const reads = this.redis.pipeline();
    for (const id of ids) reads.hmget(orderKey(id), 'customerId', 'status', 'history');
    const replies = (await reads.exec()) ?? [];
    return ids.flatMap((id, index) => {
      const [error, fields] = replies[index] ?? [];
      if (error) throw error;
      return this.toNews(id, fields as (string | null)[]) ?? [];
    });
  }

  /** An unreadable order must not prevent the notifications of the others. */
  private toNews(id: string, [customerId, status, history]: (string | null)[]): OrderNews | undefined {
    const { data, error } = orderNewsSchema.safeParse({ id, customerId, status, history: fromJson(history) });
    if (error) this.logger.error(`An order cannot be read (order=${oneLine(id)}): ${oneLine(error)}`);
    return data;
  }
}

/** Null if it is not JSON: then it is no valid history, and not a missing one. */
function fromJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
