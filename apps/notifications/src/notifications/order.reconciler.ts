import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { oneLine } from '@libs/shop-events';
import { EventBusStatus, type Gap, OnGap } from 'nestjs-redis-event-bus';
import type { OrderNews } from './notification.js';
import { NotificationStore } from './notification.store.js';
import { OrderNotifier } from './order.notifier.js';
import { OrdersReader } from './orders.reader.js';

/** How many orders are processed concurrently. */
const PAGE_SIZE = 100;

const RETRY_DELAY_MS = 1_000;

/** For failures without a gap, such as an unavailable mail gateway; it also keeps passes short. */
const INTERVAL_MS = 5 * 60_000;

/**
 * Reads the orders that changed since the last pass, and sends the missing notifications: at the start, because the service
 * missed events while it was not running, after every gap, and periodically.
 */
@Injectable()
export class OrderReconciler implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(OrderReconciler.name);
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running = Promise.resolve();

  constructor(
    private readonly status: EventBusStatus,
    private readonly orders: OrdersReader,
    private readonly notifications: NotificationStore,
    private readonly notifier: OrderNotifier,
  ) {}

  /** Not before the subscriptions are confirmed: later changes then arrive as events. */
  onApplicationBootstrap(): void {
    // Not awaited: the bus becomes ready only after this hook. Rejects if the bus is closed instead.
    this.status.whenReady().then(
      () => this.pass('start'),
      () => undefined,
    );
    this.timer = setInterval(() => void this.pass('interval'), INTERVAL_MS).unref();
  }

  /** The gap's period is not needed: a notification that was sent is not sent again. */
  @OnGap()
  reconcile({ reason }: Gap): Promise<void> {
    return this.pass(reason);
  }

  onModuleDestroy(): void {
    this.stopping.abort();
    clearInterval(this.timer);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  /**
   * Runs one pass at a time. Resolves when the notifications of all changes before the call are sent, or when the app shuts
   * down.
   */
  private pass(cause: string): Promise<void> {
    this.running = this.running.then(() => this.readOn(cause));
    return this.running;
  }

  private async readOn(cause: string): Promise<void> {
    const { signal } = this.stopping;
    let sent = 0;
    for (let failures = 0; !signal.aborted;) {
      try {
        const changed = await this.orders.changedAfter(await this.notifications.reconciledTo(), PAGE_SIZE);
        if (changed === undefined) return this.logger.log(`Reconciled (cause=${cause} sent=${sent})`);
        sent += await this.tellAll(changed.orders);
        await this.notifications.saveReconciledTo(changed.position);
      } catch (error) {
        failures += 1;
        if (failures === 1 && !signal.aborted)
          this.logger.warn(`Cannot reconcile, trying again (cause=${cause}): ${oneLine(error)}`);
        await delay(RETRY_DELAY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Resolves with the number of notifications that it sent, when all are sent and stored. */
  private async tellAll(orders: readonly OrderNews[]): Promise<number> {
    const { signal } = this.stopping;
    const outcomes = await Promise.allSettled(orders.map((order) => this.notifier.tell(order, signal)));
    return outcomes.reduce((sum, outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return sum + outcome.value;
    }, 0);
  }
}
