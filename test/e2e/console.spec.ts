import { jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { NO_CHROMIUM, WatchedPage, launchChromium } from '../support/chromium.js';
import { RedisServer } from '../support/redis.server.js';
import { RunningApp, placeOrder } from './support/shop.js';

jest.setTimeout(90_000);
const SLOW = { timeoutMs: 30_000 };

const suite = NO_CHROMIUM === undefined ? describe : describe.skip;

suite(`the console in Chromium${NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  let redis: RedisServer;
  let orders: RunningApp;
  let notifications: RunningApp;
  let consoleApp: RunningApp;
  let watched: WatchedPage;
  const environment = () => ({ REDIS_URL: redis.url });

  beforeAll(async () => {
    redis = await RedisServer.start();
    [orders, notifications, consoleApp, browser] = await Promise.all([
      RunningApp.start('orders', environment()),
      RunningApp.start('notifications', environment()),
      RunningApp.start('console', environment()),
      launchChromium(),
    ]);
    watched = await WatchedPage.open(browser, `${consoleApp.url}/event-bus`);
  });

  afterAll(async () => {
    await watched?.close();
    await browser?.close();
    await Promise.all([orders, notifications, consoleApp].map((app) => app?.process.stop()));
    await redis?.stop();
  });

  const textOf = (selector: string) => watched.page.locator(selector).innerText();
  const expectToShow = (selector: string, text: RegExp) =>
    eventually(async () => expect(await textOf(selector)).toMatch(text), SLOW);

  it('shows an order that was placed at orders, and at the handler that was told', async () => {
    await expectToShow('#instances', /notifications\s+●\s*ready[^]*orders\s+●\s*ready/);
    await placeOrder(orders, 'ada');
    await expectToShow('#events', /orders → [1-9][^]*OrderNotifier\.notify ✓/);
    await expectToShow('#channels', /orders[^]*OrderNotifier\.notify/);
  });

  it('calls a killed service silent, and says that its events reach nobody, until it is back', async () => {
    notifications.process.signal('SIGKILL');
    await notifications.process.exited;
    await expectToShow('#instances', /notifications\s+◌\s*silent/);
    await expectToShow('#troubles', /silent\s+notifications/);
    await placeOrder(orders, 'ada');
    await expectToShow('#events', /orders → 0[^]*reached nobody/);
    await expectToShow('#channels', /reached nobody/);
    notifications = await RunningApp.start('notifications', environment());
    await expectToShow('#instances', /notifications\s+●\s*ready/);
  });

  it('tells a gap of a service whose connections were cut', async () => {
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await expectToShow('#troubles', /gap\s+notifications[^]*connection-lost/);
    // The console's own subscription was cut, too.
    await expectToShow('header', /live/);
  });

  it('filters and pauses events by keys', async () => {
    const { page } = watched;
    await page.keyboard.press('/');
    await page.keyboard.type('nothing-like-this');
    await expectToShow('#events', /No event matches/);
    await page.locator('#filter').fill('');
    await page.locator('#filter').blur();
    await page.keyboard.press('p');
    await expectToShow('#events', /Go on/);
    const before = await page.locator('#events li').count();
    await placeOrder(orders, 'paused');
    await expectToShow('#not-shown', /not shown since the pause/);
    expect(await page.locator('#events li').count()).toBe(before);
    await page.keyboard.press('p');
    await placeOrder(orders, 'again');
    await eventually(
      async () => expect(await page.locator('#events li').count()).toBeGreaterThan(before),
      SLOW,
    );
  });

  it('publishes from its form, and says what is wrong with one', async () => {
    const { page } = watched;
    await page.locator('#publish input').fill('chat:lobby');
    await page.locator('#publish textarea').fill('{');
    await page.locator('#publish button').click();
    await expectToShow('#publish', /The payload is no JSON/);
    await page.locator('#publish textarea').fill('{"text":"<img src=x onerror=alert(1)>"}');
    await page.locator('#publish button').click();
    await expectToShow('#publish', /Published\. It reached nobody/);
    await page.locator('#listen input').fill('chat:*');
    await page.locator('#listen button').click();
    await expectToShow('#listen', /Listening on chat:\*/);
    await page.locator('#publish button').click();
    await expectToShow('#publish', /It reached 1 subscription/);
    await expectToShow('#events', /chat:lobby[^]*<img src=x onerror=alert\(1\)>/);
  });

  it('shows what services say as text, whatever it is', async () => {
    const markup = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    const report = {
      v: 1,
      type: 'report',
      instance: { id: 'x', service: markup, host: markup, pid: 1, startedAt: '2026-01-01T00:00:00Z' },
      state: 'degraded',
      reason: markup,
      atMs: 0,
      coversMs: 1_000,
      transport: { name: 'redis', address: markup },
      codec: 'json',
      prefix: '',
      handlers: [],
      subscriptions: [],
      counters: JSON.parse(
        '{"published":0,"publishFailed":0,"handled":0,"failed":0,"repeated":0,"rejected":0,"dropped":0,"leftToGroup":0,"deadLettered":0,"deadLettersLost":0,"gaps":0,"missed":0,"received":0,"unmatched":0,"unsequenced":0}',
      ) as object,
      links: [],
      gaps: [{ reason: 'connection-lost', targets: [markup], fromMs: 0, toMs: 1 }],
      published: { top: [], rest: { published: 0, nobody: 0, failed: 0 } },
      tail: [{ what: 'published', atMs: 1, channel: markup, tookMs: 0, payload: markup }],
    };
    await redis.cli('PUBLISH', 'event-bus:instances', JSON.stringify(report));
    await expectToShow('#instances', /<img src=x/);
    await expectToShow('#troubles', /<img src=x/);
    await expectToShow('#events', /<img src=x/);
    expect(await watched.page.locator('img, script:not([src])').count()).toBe(0);
  });

  it.each([
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 1280 },
    { colorScheme: 'light', width: 320 },
  ] as const)('is accessible, and fits its window: $colorScheme, $width px', async (look) => {
    const page = await WatchedPage.open(browser, `${consoleApp.url}/event-bus`, { ...look, bypassCSP: true });
    try {
      await eventually(async () => {
        expect(await page.page.locator('#instances tbody tr').count()).toBeGreaterThan(1);
      }, SLOW);
      expect(await page.violations()).toEqual([]);
      expect(await page.scrollsSideways()).toBe(false);
    } finally {
      await page.close();
    }
  });

  it('says that its own link is lost, and calls nobody silent for that', async () => {
    await redis.kill();
    await expectToShow('header', /no link/);
    expect(await textOf('#instances')).not.toMatch(/orders\s+◌/);
    await redis.restart();
    await expectToShow('header', /live/);
  });

  it('makes no foreign request, and breaks none of its own rules, in all of this', () => {
    expect(watched.complaints.filter((text) => !/ERR_|status of 4/.test(text))).toEqual([]);
  });
});
