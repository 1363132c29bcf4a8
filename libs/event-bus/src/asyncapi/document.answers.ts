import type { HttpAdapterHost } from '@nestjs/core';
import type { EventBusDescription } from '../introspection/bus.description.js';
import type { AsyncApiDocumentOptions } from './asyncapi.options.js';
import { documentOf } from './event-bus.asyncapi.js';
import { PAGE_POLICY, PAGE_STYLE, pageOf } from './page.html.js';
import { PAGE_SCRIPT } from './page.script.js';
import { yamlOf } from './yaml.text.js';

/** The buses whose document a controller serves. */
export interface ServedBuses {
  /** As they are now. */
  describe(): readonly EventBusDescription[];
  readonly options: AsyncApiDocumentOptions;
  /** The contracts that a warning has named. */
  readonly warned: Set<string>;
}

/** The parts of a request that Express and Fastify share. */
export interface PageRequest {
  readonly originalUrl?: string;
  readonly url: string;
}

const NO_YAML = 'YAML needs the package yaml: npm install yaml. The document as JSON needs nothing.\n';

const HEADERS = {
  'content-security-policy': PAGE_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Answers by the HTTP adapter: what a method of the controller returns, an interceptor of the application may wrap. */
export class DocumentAnswers {
  constructor(
    private readonly served: ServedBuses,
    private readonly host: HttpAdapterHost,
    private readonly toYaml: (document: object) => Promise<string | undefined> = yamlOf,
  ) {}

  /** @param name the last segment of the page's path */
  page(request: PageRequest, response: unknown, name: string): void {
    // Express serves the page with a slash at the end, too.
    this.reply(response, 'text/html', pageOf(pathOf(request).endsWith('/') ? `../${name}` : name));
  }

  /** The script or the style of the page. */
  file(request: PageRequest, response: unknown): void {
    if (pathOf(request).endsWith('.css')) this.reply(response, 'text/css', PAGE_STYLE);
    else this.reply(response, 'text/javascript', PAGE_SCRIPT);
  }

  json(response: unknown): void {
    this.reply(response, 'application/json', JSON.stringify(this.document(), null, 2));
  }

  async yaml(response: unknown): Promise<void> {
    const text = await this.toYaml(this.document());
    if (text === undefined) this.reply(response, 'text/plain', NO_YAML, 501);
    else this.reply(response, 'application/yaml', text);
  }

  private document(): object {
    const { options, warned } = this.served;
    return documentOf(this.served.describe(), options, warned);
  }

  private reply(response: unknown, type: string, body: string, status = 200): void {
    const { httpAdapter } = this.host;
    const headers = { 'content-type': `${type}; charset=utf-8`, ...HEADERS };
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, status);
  }
}

function pathOf({ originalUrl, url }: PageRequest): string {
  return (originalUrl ?? url).replace(/[?#].*$/, '');
}
