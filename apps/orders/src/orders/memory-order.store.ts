import type { Order } from '@libs/shop-events';
import { changeId, OrderStore } from './order.store.js';

/** For development without Redis, and for tests. Empty at every start. */
export class MemoryOrderStore extends OrderStore {
  private readonly orders = new Map<string, Order>();
  private readonly changes = new Map<string, Order>();

  async add(order: Order): Promise<void> {
    this.keep(order);
  }

  async find(id: string): Promise<Order | undefined> {
    return this.orders.get(id);
  }

  async list(limit: number): Promise<Order[]> {
    return [...this.orders.values()].reverse().slice(0, limit);
  }

  async replace(current: Order, next: Order): Promise<boolean> {
    if (this.orders.get(current.id)?.status !== current.status) return false;
    this.keep(next);
    return true;
  }

  async unannounced(limit: number): Promise<Order[]> {
    return [...this.changes.values()].slice(0, limit);
  }

  async markAnnounced(order: Order): Promise<void> {
    this.changes.delete(changeId(order));
  }

  private keep(order: Order): void {
    this.orders.set(order.id, order);
    this.changes.set(changeId(order), order);
  }
}
