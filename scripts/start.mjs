import { portProblem } from './free.port.mjs';
import { followKeys } from './shop.keys.mjs';
import { runShop } from './shop.runner.mjs';
import { StartError } from './start.error.mjs';

// npm start: the sample apps and the console, and a Redis when there is none yet. Ctrl-C ends them all.

const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' };
const host = env.HOST || '127.0.0.1';
const write = (line) => console.log(line);

const outcome = await runShop({
  env,
  host,
  write,
  isWhole: false,
  choosePorts: async () => {
    const ports = {
      orders: await portOf('ORDERS_PORT', 3000),
      notifications: await portOf('NOTIFICATIONS_PORT', 3001),
      console: await portOf('CONSOLE_PORT', 3002),
    };
    const taken = Object.values(ports).find((port, index, all) => all.indexOf(port) !== index);
    if (taken === undefined) return ports;
    throw new StartError(
      `Two apps would use port ${taken}. Set ORDERS_PORT, NOTIFICATIONS_PORT or CONSOLE_PORT to another one.`,
    );
  },
  whileOpen: async (shop, signal) => {
    const { console: page, orders, notifications } = shop.urls;
    write(`Ready: see the events at ${page}/event-bus`);
    write(`       orders at ${orders}/orders, notifications at ${notifications}/notifications`);
    await followKeys(shop, { write, signal, input: process.stdin });
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
