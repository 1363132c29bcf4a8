import { oneLine, type Order, OrderChanged } from '@libs/shop-events';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventBusPublisher, EventBusStatus } from 'nestjs-redis-event-bus';
import { changeId, OrderStore } from './order.store.js';

/** How long a request buffers its event while the connection to Redis is replaced. */
const BUFFER_MS = 1_000;

/** How often it looks for changes that are not announced. Longer than announcing usually takes. */
const LOOK_INTERVAL_MS = 2_000;

/** How many of these changes it announces per look. */
const LEFT_LIMIT = 500;

/**
 * Publishes the changes of orders: at once, or later if that failed or the process ended first. So each change is published at
 * least once, seldom twice, and seldom after a later change of the same order.
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

  /** Never rejects: the order is stored already, so the request succeeds even if the event is published later. */
  async announce(order: Order): Promise<void> {
    try {
      await this.publish(order);
    } catch (error) {
      this.logger.warn(
        `The order is stored but not announced yet (order=${oneLine(order.id)} status=${order.status}): ${oneLine(error)}`,
      );
    }
  }

  /**
   * Announces changes that two looks in a row have found: other ones may just be being announced by the request that stored
   * them.
   */
  async announceLeft(): Promise<void> {
    if (this.isLooking || this.status.current !== 'ready') return;
    this.isLooking = true;
    try {
      const left = await this.orders.unannounced(LEFT_LIMIT);
      const due = left.filter((order) => this.found.has(changeId(order)));
      this.found = new Set(left.map(changeId));
      for (const order of due) await this.publish(order);
      if (due.length > 0) this.logger.log(`Announced pending changes (changes=${due.length})`);
    } catch (error) {
      this.logger.warn(`Cannot announce pending changes: ${oneLine(error)}`);
    } finally {
      this.isLooking = false;
    }
  }

  private async publish(order: Order): Promise<void> {
    await this.publisher.publish(OrderChanged, order, {
      params: { status: order.status },
      whenDisconnected: { bufferMs: BUFFER_MS },
    });
    await this.orders.markAnnounced(order);
  }
}
