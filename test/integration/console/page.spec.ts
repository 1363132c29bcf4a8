import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { EventBusModule, memory, memoryBroker } from 'nestjs-redis-event-bus';
import { EventBusConsoleModule } from 'nestjs-redis-event-bus-console';
import type { Browser } from 'playwright-core';
import { NO_CHROMIUM, WatchedPage, launchChromium } from '../../support/chromium.js';
import { eventually } from '../../support/eventually.js';
import { reportOf, reportingOn } from '../../support/fake.reports.js';

const SLOW = { timeoutMs: 20_000 };
const ADAPTERS = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

const suite = NO_CHROMIUM === undefined ? describe : describe.skip;

suite(`the page of the console${NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  let app: INestApplication;
  const broker = memoryBroker();

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  afterEach(() => app?.close());

  it.each(Object.keys(ADAPTERS) as (keyof typeof ADAPTERS)[])(
    'works in %s, under a prefix and a version, from the first instance on',
    async (adapter) => {
      const module = {
        module: class Root {},
        imports: [
          EventBusModule.forRoot({ transport: memory({ broker }) }),
          EventBusConsoleModule.forRoot({ path: 'ops/bus', access: 'loopback', title: 'Shop' }),
        ],
      };
      app = await NestFactory.create<INestApplication>(module, ADAPTERS[adapter](), { logger: false });
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '9' });
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;

      const watched = await WatchedPage.open(browser, `http://127.0.0.1:${port}/api/ops/bus`);
      try {
        const { page } = watched;
        const expectToShow = (selector: string, text: RegExp) =>
          eventually(async () => expect(await page.locator(selector).innerText()).toMatch(text), SLOW);
        await expectToShow('header', /Shop/);
        await expectToShow('#nobody', /EventBusReportingModule\.forRoot/);
        await expectToShow('main', /There is no Redis/);
        // Nothing is allowed that the options do not allow.
        expect(await page.locator('form').count()).toBe(0);

        const { send } = await reportingOn(broker);
        await send(JSON.stringify(reportOf({}, 'billing')));
        await expectToShow('#instances', /billing\s+●\s*ready/);
        await page.reload();
        await expectToShow('#instances', /billing/);
        expect(watched.complaints).toEqual([]);
      } finally {
        await watched.close();
      }
    },
  );
});
