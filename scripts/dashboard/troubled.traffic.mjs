import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Orders per second, at most. */
const PEAK = 12;
const TICK_MS = 250;

/**
 * Customers of the sample services, and what goes wrong meanwhile: every panel has something to show.
 *
 * @param {object} options
 * @param {Readonly<Record<'orders' | 'notifications', string>>} options.urls
 * @param {string} options.redisUrl
 * @param {number} options.forMs
 */
export async function runTraffic({ urls, redisUrl, forMs }) {
  const redis = new Redis(redisUrl);
  const customers = new Customers(urls.orders);
  const troubles = [
    { at: 0.22, run: () => publishNonsense(redis) },
    { at: 0.4, run: () => customers.burst(30, 9) },
    { at: 0.55, run: () => breakSubscribers(redis, customers) },
    { at: 0.7, run: () => refuse(redis, 'get', 6_000) },
    { at: 0.85, run: () => refuse(redis, 'publish', 4_000) },
  ];
  const startMs = performance.now();
  const underway = [];
  try {
    for (let share = 0; share < 1; share = (performance.now() - startMs) / forMs) {
      while (troubles[0]?.at <= share) underway.push(troubles.shift().run());
      customers.come(share);
      await delay(TICK_MS);
    }
    await Promise.all([...underway, customers.gone()]);
  } finally {
    redis.disconnect();
  }
}

class Customers {
  #url;
  #underway = new Set();
  #count = 0;
  #owed = 0;

  constructor(url) {
    this.#url = url;
  }

  /** As many as come in one tick, more and fewer over the time. */
  come(share) {
    this.#owed += (PEAK * (1.2 + Math.sin(share * 14)) * TICK_MS) / 2_200;
    for (; this.#owed >= 1; this.#owed -= 1) this.#start(`customer-${this.#count % 40}`);
  }

  /** Customers who do everything at once, for some seconds. */
  async burst(countPerSecond, seconds) {
    for (let n = 0; n < 10 * seconds; n += 1) {
      for (let left = countPerSecond / 10; left > 0; left -= 1) this.#start('impatient', 0);
      await delay(100);
    }
  }

  gone() {
    return Promise.all(this.#underway);
  }

  #start(customerId, pauseMs = 500) {
    this.#count += 1;
    const visit = this.#visit(customerId, pauseMs, this.#count).catch(() => undefined);
    this.#underway.add(visit);
    void visit.finally(() => this.#underway.delete(visit));
  }

  async #visit(customerId, pauseMs, number) {
    const items = [{ sku: 'teapot', quantity: 1 + (number % 3), unitPrice: 29.9 }];
    const { id } = await this.#post('', { customerId, items });
    await delay(pauseMs * (number % 4));
    if (number % 9 === 0) return this.#post(`/${id}/cancel`);
    await this.#post(`/${id}/pay`);
    await delay(pauseMs);
    return this.#post(`/${id}/ship`);
  }

  async #post(path, body = {}) {
    const response = await fetch(`${this.#url}/orders${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return response.json();
  }
}

/** What a service with another version of the contract, or another codec, would send. */
async function publishNonsense(redis) {
  for (let n = 0; n < 60; n += 1) {
    await redis.publish('orders:created', n % 4 === 0 ? 'no JSON' : '{"id":7}');
    await delay(100);
  }
}

/** The bus is back within milliseconds: it must be cut off while many events are on their way. */
async function breakSubscribers(redis, customers) {
  const burst = customers.burst(60, 1);
  for (let n = 0; n < 12; n += 1) {
    await redis.client('KILL', 'TYPE', 'pubsub');
    await delay(30);
  }
  await burst;
}

/** An administrator's mistake. Without GET the store of the notifications refuses, without PUBLISH the bus does. */
async function refuse(redis, command, forMs) {
  await redis.acl('SETUSER', 'default', `-${command}`);
  await delay(forMs);
  await redis.acl('SETUSER', 'default', `+${command}`);
}
