import { ConsoleLogger } from '@nestjs/common';
import { memory, memoryBroker } from 'nestjs-redis-event-bus';

// The apps that have a port, on one in-process broker, for where there is no Redis. Nest has one logger for a process, so they share it.
const { ORDERS_PORT, NOTIFICATIONS_PORT, CONSOLE_PORT, ...env } = process.env;
const shared = {
  transport: memory({ broker: memoryBroker() }),
  logger: new ConsoleLogger({ prefix: 'shop' }),
};
/** In the order in which they start; they end in the opposite one, so that what is published still reaches its handlers. */
const apps = [
  { name: 'notifications', port: NOTIFICATIONS_PORT, start: 'startNotificationsApp' },
  { name: 'console', port: CONSOLE_PORT, start: 'startConsoleApp' },
  { name: 'orders', port: ORDERS_PORT, start: 'startOrdersApp' },
];

const running = [];
for (const app of apps.filter(({ port }) => port)) running.unshift(await startOrExit(app));

let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop());

async function stop() {
  if (isStopping) return;
  isStopping = true;
  for (const app of running) await app.close();
  process.exit(0);
}

async function startOrExit({ name, port, start }) {
  const of = (file) => import(`../apps/${name}/dist/${file}.js`);
  try {
    const { readConfig } = await of('app.config');
    return await (await of(`${name}.app`))[start](readConfig({ ...env, PORT: port }), shared);
  } catch (error) {
    console.error(`[shop] ${(await of('app.failure')).describeFailure(error)}`);
    process.exit(1);
  }
}
