import type { HttpAdapterHost } from '@nestjs/core';
import { PAGE_SCRIPT, PAGE_STYLE } from '../page.bundle.js';
import { PAGE_ICON, PAGE_POLICY, pageOf } from './page.html.js';

/** The parts of a request that Express and Fastify share. */
export interface ConsoleRequest {
  readonly originalUrl?: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As parsed by the adapter. */
  readonly body?: unknown;
}

const HEADERS = {
  'content-security-policy': PAGE_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const FILES: Readonly<Record<string, readonly [type: string, body: string]>> = {
  'app.js': ['text/javascript', PAGE_SCRIPT],
  'app.css': ['text/css', PAGE_STYLE],
  'icon.svg': ['image/svg+xml', PAGE_ICON],
};

/** Answers by the HTTP adapter: what a method of the controller returns, an interceptor of the application may wrap. */
export class ConsoleAnswers {
  constructor(private readonly host: HttpAdapterHost) {}

  /** @param name the last segment of the page's path */
  page(request: ConsoleRequest, response: unknown, name: string): void {
    // Express serves the page with a slash at the end, too.
    this.reply(response, 'text/html', pageOf(pathOf(request).endsWith('/') ? `../${name}` : name));
  }

  file(request: ConsoleRequest, response: unknown): void {
    const name = pathOf(request).replace(/^.*\//, '');
    const [type, body] = FILES[name] ?? ['text/plain', ''];
    this.reply(response, type, body);
  }

  json(response: unknown, body: object, status = 200): void {
    this.reply(response, 'application/json', JSON.stringify(body), status);
  }

  private reply(response: unknown, type: string, body: string, status = 200): void {
    const { httpAdapter } = this.host;
    const headers = { 'content-type': `${type}; charset=utf-8`, ...HEADERS };
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, status);
  }
}

function pathOf({ originalUrl, url }: ConsoleRequest): string {
  return (originalUrl ?? url).replace(/[?#].*$/, '');
}
