import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free.port.mjs';
import { runShop } from './shop.runner.mjs';
import { StartError } from './start.error.mjs';

// npm run demo: the life of one order over HTTP, and what its customer is told. Ends by itself.

const NOTIFIED_WITHIN_MS = 10_000;
const write = (line) => console.log(line);

const outcome = await runShop({
  // The story is the output; of what the apps log only what went wrong.
  env: { ...process.env, NO_COLOR: '1', NEST_LOG_LEVEL: 'warn' },
  host: '127.0.0.1',
  write,
  choosePorts: async () => ({ orders: await freePort(), notifications: await freePort() }),
  whileOpen: tellStory,
});
process.exitCode = outcome === 'done' ? 0 : 1;

async function tellStory({ urls }, signal) {
  const customerId = `ada-${randomUUID().slice(0, 8)}`;
  const items = [
    { sku: 'teapot', quantity: 1, unitPrice: 29.9 },
    { sku: 'cup', quantity: 4, unitPrice: 6.1 },
  ];

  write(`\n${customerId} orders a teapot and four cups.`);
  const order = await request('POST', `${urls.orders}/orders`, { customerId, items });
  write(`\n${customerId} pays, and the shop ships.`);
  await request('POST', `${urls.orders}/orders/${order.id}/pay`);
  await request('POST', `${urls.orders}/orders/${order.id}/ship`);

  write('\nThe notifications service heard of it on the bus, and told the customer.');
  const notifications = await untilNotified(
    `${urls.notifications}/notifications?customerId=${customerId}`,
    order,
    signal,
  );
  for (const { status, text } of notifications) write(`  ${status.padEnd(8)} ${text}`);
  write('\nDone.');
}

async function request(method, url, body) {
  write(`  ${method} ${url}${body ? ` ${JSON.stringify(body)}` : ''}`);
  const content = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...content });
  const answer = await response.json();
  if (!response.ok)
    throw new StartError(`${method} ${url} was answered with ${response.status}: ${JSON.stringify(answer)}`);
  write(`  ${response.status} status=${answer.status} total=${answer.total}`);
  return answer;
}

async function untilNotified(url, order, signal) {
  const deadlineMs = performance.now() + NOTIFIED_WITHIN_MS;
  write(`  GET ${url}`);
  for (;;) {
    const notifications = await (await fetch(url)).json();
    const missing = ['created', 'paid', 'shipped'].filter(
      (status) =>
        !notifications.some(
          (notification) => notification.orderId === order.id && notification.status === status,
        ),
    );
    if (missing.length === 0) return notifications;
    if (performance.now() > deadlineMs) {
      throw new StartError(
        `After ${NOTIFIED_WITHIN_MS} ms there is no notification for: ${missing.join(', ')}.`,
      );
    }
    await delay(50, undefined, { signal });
  }
}
