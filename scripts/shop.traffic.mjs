import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 250;
const CUSTOMERS = ['ada', 'grace', 'edsger', 'barbara', 'tony'];
const GOODS = [
  { sku: 'teapot', unitPrice: 29.9 },
  { sku: 'cup', unitPrice: 6.1 },
  { sku: 'kettle', unitPrice: 44 },
];

/** Places orders, pays most, ships many and cancels a few, so that there is something to see. */
export class ShopTraffic {
  #running = new AbortController();

  /**
   * @param {string} url that of the orders service
   * @param {(line: string) => void} write gets the first failure of an episode
   */
  constructor(url, write) {
    this.url = url;
    this.write = write;
    this.#running.abort();
  }

  get isRunning() {
    return !this.#running.signal.aborted;
  }

  start() {
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop() {
    this.#running.abort();
  }

  async #run(signal) {
    let hasFailed = false;
    while (!signal.aborted) {
      try {
        await this.#liveOfAnOrder();
        hasFailed = false;
      } catch (error) {
        if (!hasFailed) this.write(`Traffic waits for orders: ${error.cause?.code ?? error.message}.`);
        hasFailed = true;
      }
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #liveOfAnOrder() {
    const items = [{ ...oneOf(GOODS), quantity: 1 + Math.floor(Math.random() * 4) }];
    const { id } = await this.#post('', { customerId: oneOf(CUSTOMERS), items });
    const chance = Math.random();
    if (chance < 0.1) await this.#post(`/${id}/cancel`);
    else if (chance < 0.9) await this.#post(`/${id}/pay`);
    if (chance > 0.4 && chance < 0.9) await this.#post(`/${id}/ship`);
  }

  async #post(path, body) {
    const content = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${this.url}/orders${path}`, { method: 'POST', ...content });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return response.json();
  }
}

function oneOf(list) {
  return list[Math.floor(Math.random() * list.length)];
}
