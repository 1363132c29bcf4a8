import { oneLine, type Order, orderChannel } from '@libs/shop-events';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventBusPublisher, EventBusStatus } from 'nestjs-redis-event-bus';
import { changeId, OrderStore } from './order.store.js';

/** How long a request waits for a link to Redis that is just being replaced. */
const BUFFER_MS = 1_000;

/** How often it looks for news that is not out. Longer than announcing usually takes. */
const LOOK_INTERVAL_MS = 2_000;

/** Of what is left, so many at a look. */
const LEFT_LIMIT = 500;

/**
 * Publishes what happened to orders: at once, or later when that failed or when the process ended before it had. So an
 * event comes at least once, and seldom twice or after a younger one of the same order.
 */
@Injectable()
export class OrderAnnouncer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OrderAnnouncer.name);
  private timer: NodeJS.Timeout | undefined;
  /** The changes that the last look found. */
  private found = new Set<string>();
  private isLooking = false;

  constructor(
    private readonly orders: OrderStore,
    private readonly publisher: EventBusPublisher,
    private readonly status: EventBusStatus,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.announceLeft(), LOOK_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Never rejects: the order is stored by now, so the request succeeds even when nobody hears of it yet. */
  async announce(order: Order): Promise<void> {
    try {
      await this.publish(order);
    } catch (error) {
      this.logger.warn(
        `The order is stored but not announced yet (order=${oneLine(order.id)} status=${order.status}): ${oneLine(error)}`,
      );
    }
  }

  /** Announces what two looks in a row have found: the rest is perhaps being announced, by whoever stored it. */
  async announceLeft(): Promise<void> {
    if (this.isLooking || this.status.current !== 'ready') return;
    this.isLooking = true;
    try {
      const left = await this.orders.unannounced(LEFT_LIMIT);
      const due = left.filter((order) => this.found.has(changeId(order)));
      this.found = new Set(left.map(changeId));
      for (const order of due) await this.publish(order);
      if (due.length > 0) this.logger.log(`Announced what was left (changes=${due.length})`);
    } catch (error) {
      this.logger.warn(`Cannot announce what is left: ${oneLine(error)}`);
    } finally {
      this.isLooking = false;
    }
  }

  private async publish(order: Order): Promise<void> {
    await this.publisher.publish(orderChannel(order.status), order, {
      whenDisconnected: { bufferMs: BUFFER_MS },
    });
    await this.orders.markAnnounced(order);
  }
}
