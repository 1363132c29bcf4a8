import { jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { NO_CHROMIUM, WatchedPage, launchChromium } from '../support/chromium.js';
import { RedisServer } from '../support/redis.server.js';
import { NodeProcess } from './support/node.process.js';
import { RunningApp } from './support/shop.js';

jest.setTimeout(180_000);
const EVENTS = 100_000;
const MAX_HEAP_BYTES = 64_000_000;

const suite = NO_CHROMIUM === undefined ? describe : describe.skip;

suite(`the console under load${NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`}`, () => {
  it('answers while 5,000 events a second pass, says how many it does not show, and costs no event', async () => {
    const redis = await RedisServer.start();
    const start = (role: string) =>
      NodeProcess.start('test/e2e/support/load.worker.mjs', {
        ROLE: role,
        REDIS_URL: redis.url,
        EVENTS: String(EVENTS),
      });
    const [publisher, subscriber] = [start('publisher'), start('subscriber')];
    const [consoleApp, browser] = await Promise.all([
      RunningApp.start('console', { REDIS_URL: redis.url }),
      launchChromium(),
    ]);
    try {
      await Promise.all([publisher.prints(/^ready/m), subscriber.prints(/^ready/m)]);
      const { page, complaints } = await WatchedPage.open(browser, `${consoleApp.url}/event-bus`);
      const textOf = (selector: string) => page.locator(selector).innerText();
      await eventually(
        async () => expect(await textOf('#instances')).toMatch(/load-publisher[^]*load-subscriber/),
        { timeoutMs: 30_000 },
      );

      publisher.type('go\n');
      await eventually(
        async () => expect(await textOf('#not-shown')).toMatch(/[1-9][\d,]* not shown per second/),
        {
          timeoutMs: 60_000,
        },
      );
      await page.locator('#events button').click();
      expect(await textOf('#events')).toContain('Go on');
      await page.locator('#events button').click();
      expect(await textOf('#events')).toContain('Pause');
      expect(await page.locator('#events li').count()).toBeLessThanOrEqual(200);

      await publisher.prints(new RegExp(`^reached ${EVENTS}$`, 'm'), 120_000);
      await subscriber.prints(new RegExp(`^handled ${EVENTS}$`, 'm'), 60_000);
      await eventually(async () =>
        expect(await textOf('#handlers')).toMatch(/Load\.handle[^]*100,000\s+0\s+0/),
      );
      const heap = await page.evaluate(
        'performance.memory === undefined ? 0 : performance.memory.usedJSHeapSize',
      );
      expect(heap).toBeLessThan(MAX_HEAP_BYTES);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await Promise.all([publisher, subscriber, consoleApp.process].map((process) => process.stop()));
      await redis.stop();
    }
  });
});
