import { ShopTraffic } from './shop.traffic.mjs';

const CTRL_C = '\u0003';

/**
 * What the keys of `npm start` do: `t` lets orders come and stops them, `o`, `n` and `c` kill an app and start it again. Resolves
 * when `q` or Ctrl-C was pressed, or the signal is aborted.
 *
 * @param {import('./shop.mjs').Shop} shop
 * @param {{ write: (line: string) => void, signal: AbortSignal, input: NodeJS.ReadStream }} options
 * @returns {Promise<void>}
 */
export function followKeys(shop, { write, signal, input }) {
  const traffic = new ShopTraffic(shop.urls.orders, write);
  const apps = new Map(shop.processes.map((name) => [name[0], name]));
  const isWhole = apps.has('s');
  write(
    isWhole
      ? 'Keys: t lets orders come, and stops them; q ends all. All apps share one process, so none can be killed: with Redis they can.'
      : 'Keys: t lets orders come, and stops them; o, n and c kill orders, notifications or console, and start it again; q ends all.',
  );
  shop.onEnd((name, how) => {
    write(`${name} has ended (${how}). Press ${name[0]} to start it again.`);
  });

  return new Promise((resolve) => {
    const end = () => {
      traffic.stop();
      input.off('data', press);
      if (input.isTTY) input.setRawMode(false);
      input.destroy();
      resolve();
    };
    const press = (text) => {
      for (const key of text) {
        if (key === 'q' || key === CTRL_C) end();
        else if (key === 't') toggleTraffic();
        else if (apps.has(key)) toggleApp(apps.get(key));
      }
    };
    const toggleTraffic = () => {
      if (traffic.isRunning) traffic.stop();
      else traffic.start();
      write(traffic.isRunning ? 'Orders come. Press t to stop them.' : 'No more orders come.');
    };
    const toggleApp = (name) => {
      if (!shop.isRunning(name)) {
        write(`Starting ${name} again.`);
        shop.startAgain(name);
      } else if (!isWhole) shop.kill(name);
    };
    signal.addEventListener('abort', end, { once: true });
    // In the raw mode of a terminal a key counts without Enter.
    if (input.isTTY) input.setRawMode(true);
    input.setEncoding('utf8').on('data', press);
    input.on('error', () => undefined);
  });
}
