import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ROOT } from '../workspace.build.mjs';

const WIDTH = 1_200;

/**
 * Draws a dashboard in Chromium: its panels with their places, titles, units and legends.
 *
 * @param {{ title: string, facts: [string, string][], note: string, times: number[], panels: object[] }} drawing
 * @param {string} path of the PNG
 */
export async function takePicture(drawing, path) {
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 }, timezoneId: 'UTC' });
    page.on('pageerror', (error) => console.error(error));
    await page.goto(`file://${join(ROOT, 'scripts/dashboard/dashboard.page.html')}`);
    await page.addStyleTag({ path: join(ROOT, 'node_modules/uplot/dist/uPlot.min.css') });
    await page.addScriptTag({ path: join(ROOT, 'node_modules/uplot/dist/uPlot.iife.min.js') });
    await page.addScriptTag({ path: join(ROOT, 'scripts/dashboard/dashboard.drawing.js') });
    await page.evaluate((given) => globalThis.drawDashboard(given), drawing);
    await page.screenshot({ path, fullPage: true });
  } finally {
    await browser.close();
  }
}
