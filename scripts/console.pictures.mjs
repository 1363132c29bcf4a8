// The second part of npm run screenshots: the console, in light and dark, while orders come, and one service has died and come back.
import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ensureCommand } from './debian.packages.mjs';
import { freePort } from './free.port.mjs';
import { startRedis } from './redis.finder.mjs';
import { Shop } from './shop.mjs';
import { ShopTraffic } from './shop.traffic.mjs';
import { ensureBuilt, ROOT } from './workspace.build.mjs';

const WATCHED_MS = 45_000;
const DEAD_MS = 6_000;
const BACK_MS = 12_000;
const MAX_BYTES = 250_000;
const LOOKS = ['light', 'dark'];

ensureCommand('chromium', { packages: ['chromium'], elsewhere: 'install Chromium.' });
await ensureBuilt({ write: (line) => console.log(line), signal: new AbortController().signal });

const opened = [];
try {
  const redis = await startRedis(process.env);
  if (!redis) throw new Error('redis-server does not start.');
  opened.push(redis);
  const ports = { orders: await freePort(), notifications: await freePort(), console: await freePort() };
  const env = { ...process.env, NO_COLOR: '1', NEST_LOG_LEVEL: 'error', NOTIFY_DELAY_MS: '20' };
  const shop = new Shop({ redisUrl: redis.url, ports, host: '127.0.0.1', env, write: () => undefined });
  opened.push(shop);
  await shop.untilReady(new AbortController().signal);
  const traffic = new ShopTraffic(shop.urls.orders, (line) => console.log(line));
  opened.push(traffic);
  traffic.start();
  await takePictures(`${shop.urls.console}/event-bus`, shop);
} finally {
  for (const each of opened.toReversed()) await each.stop();
}

async function takePictures(url, shop) {
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const pages = await Promise.all(
      LOOKS.map((colorScheme) =>
        browser.newPage({ viewport: { width: 1_280, height: 1_000 }, colorScheme, timezoneId: 'UTC' }),
      ),
    );
    for (const page of pages) await page.goto(url);
    console.log(`Watching for ${WATCHED_MS / 1_000} s.`);
    await pages[0].waitForTimeout(WATCHED_MS);
    shop.kill('notifications');
    await pages[0].waitForTimeout(DEAD_MS);
    shop.startAgain('notifications');
    await pages[0].waitForTimeout(BACK_MS);
    for (const [index, page] of pages.entries()) {
      const path = join(ROOT, `docs/images/console-${LOOKS[index]}.png`);
      await page.screenshot({ path });
      const { size } = await stat(path);
      console.log(`${path}: ${size} bytes`);
      if (size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes.`);
    }
  } finally {
    await browser.close();
  }
}
