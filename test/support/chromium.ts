import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'];

/** Why tests of pages cannot run here, for their titles. Undefined if they can. */
export const NO_CHROMIUM =
  spawnSync('chromium', ['--version'], { timeout: 30_000 }).status === 0
    ? undefined
    : 'skipped: there is no chromium on PATH, see npm run chromium';

/** Debian's Chromium, headless. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
}

function chromiumPath(): string {
  return spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim();
}

/** A page, and everything that must not happen on it. */
export class WatchedPage {
  /** Errors of scripts, reports of its policy, and requests to other places. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {}

  static async open(
    browser: Browser,
    url: string,
    options: { colorScheme?: 'light' | 'dark'; width?: number; bypassCSP?: boolean } = {},
  ): Promise<WatchedPage> {
    const { colorScheme = 'light', width = 1280, bypassCSP = false } = options;
    const context = await browser.newContext({ colorScheme, bypassCSP, viewport: { width, height: 900 } });
    const page = await context.newPage();
    const watched = new WatchedPage(page, context);
    const { origin } = new URL(url);
    page.on('pageerror', (error) => watched.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') watched.complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) watched.complaints.push(`request to ${request.url()}`);
    });
    page.on('dialog', (dialog) => {
      watched.complaints.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    return watched;
  }

  /** What axe-core finds wrong, each rule with the elements that break it. The page must have been opened with `bypassCSP`. */
  async violations(): Promise<readonly string[]> {
    const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await this.page.evaluate(source);
    return this.page.evaluate(async () => {
      // The script above defines it.
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
  }

  /** Whether it has to be scrolled sideways. */
  scrollsSideways(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
