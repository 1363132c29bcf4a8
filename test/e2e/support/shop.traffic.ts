import type { Order } from '../../../libs/shop-events/src/index.js';
import type { SeededRandom } from './seeded.random.js';
import { placeOrder, type RunningApp } from './shop.js';

/** Customers at once. */
const CONCURRENCY = 3;

/** Places orders and moves them on, over HTTP. */
export class ShopTraffic {
  /** Every change that was answered with success: `<order>:<status>`. */
  readonly changes: string[] = [];
  /** Orders that can move on, and that nobody is moving on. */
  private readonly open: Order[] = [];

  constructor(
    private readonly orders: RunningApp,
    private readonly random: SeededRandom,
  ) {}

  /** Resolves when orders have changed so many times more. */
  async run(changes: number): Promise<void> {
    let left = changes;
    const customer = async () => {
      while (left > 0) {
        left -= 1;
        await this.change();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, customer));
  }

  private async change(): Promise<void> {
    const { random } = this;
    const [order] = random.next() < 0.4 ? [] : this.open.splice(random.between(0, this.open.length - 1), 1);
    const changed = order
      ? await this.moveOn(order, random.next() < 0.2)
      : await placeOrder(this.orders, `customer-${random.between(1, 5)}`);
    this.changes.push(`${changed.id}:${changed.status}`);
    if (changed.status === 'created' || changed.status === 'paid') this.open.push(changed);
  }

  private async moveOn({ id, status }: Order, isCancelled: boolean): Promise<Order> {
    const step = isCancelled ? 'cancel' : status === 'created' ? 'pay' : 'ship';
    const answer = await this.orders.post(`/orders/${id}/${step}`);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body as Order;
  }
}
