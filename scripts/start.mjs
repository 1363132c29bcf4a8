import { portProblem } from './free.port.mjs';
import { runShop } from './shop.runner.mjs';
import { StartError } from './start.error.mjs';

// npm start: both sample apps, and a Redis when there is none yet. Ctrl-C ends them all.

const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' };
const host = env.HOST || '127.0.0.1';
const write = (line) => console.log(line);

const outcome = await runShop({
  env,
  host,
  write,
  choosePorts: async () => {
    const orders = await portOf('ORDERS_PORT', 3000);
    const notifications = await portOf('NOTIFICATIONS_PORT', 3001);
    if (orders !== notifications) return { orders, notifications };
    throw new StartError(
      `Both apps would use port ${orders}. Set ORDERS_PORT or NOTIFICATIONS_PORT to another one.`,
    );
  },
  whileOpen: (shop) => {
    write(
      `Ready: orders at ${shop.urls.orders}/orders, notifications at ${shop.urls.notifications}/notifications`,
    );
    return new Promise(() => {});
  },
});
process.exitCode = outcome === 'failed' ? 1 : 0;

async function portOf(variable, usual) {
  const text = env[variable] || String(usual);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) {
    throw new StartError(`${variable} must be a whole number from 1 to 65535, not ${JSON.stringify(text)}.`);
  }
  const problem = await portProblem(port, host);
  if (problem) throw new StartError(`Port ${port} is ${problem}. Set ${variable} to another one.`);
  return port;
}
