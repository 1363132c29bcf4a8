import { ConsoleLogger } from '@nestjs/common';
import { memory, memoryBroker } from 'nestjs-redis-event-bus';
import * as notificationsConfig from '../apps/notifications/dist/app.config.js';
import * as notificationsFailure from '../apps/notifications/dist/app.failure.js';
import { startNotificationsApp } from '../apps/notifications/dist/notifications.app.js';
import * as ordersConfig from '../apps/orders/dist/app.config.js';
import * as ordersFailure from '../apps/orders/dist/app.failure.js';
import { startOrdersApp } from '../apps/orders/dist/orders.app.js';

// Both apps on one in-process broker, for where there is no Redis. Nest has one logger for a process, so they share it.
const { ORDERS_PORT, NOTIFICATIONS_PORT, ...env } = process.env;
const shared = {
  transport: memory({ broker: memoryBroker() }),
  logger: new ConsoleLogger({ prefix: 'shop' }),
};

const notifications = await orExit(notificationsFailure, () =>
  startNotificationsApp(notificationsConfig.readConfig({ ...env, PORT: NOTIFICATIONS_PORT }), shared),
);
const orders = await orExit(ordersFailure, () =>
  startOrdersApp(ordersConfig.readConfig({ ...env, PORT: ORDERS_PORT }), shared),
);

let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop());

async function stop() {
  if (isStopping) return;
  isStopping = true;
  await orders.close();
  await notifications.close();
  process.exit(0);
}

async function orExit({ describeFailure }, start) {
  try {
    return await start();
  } catch (error) {
    console.error(`[shop] ${describeFailure(error)}`);
    process.exit(1);
  }
}
