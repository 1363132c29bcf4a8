import type { Notification } from '../../../apps/notifications/src/notifications/notification.js';
import type { Order } from '../../../libs/shop-events/src/index.js';
import { eventually, type EventuallyOptions } from '../../support/eventually.js';
import { freePort } from '../../support/free.port.js';
import { NodeProcess } from './node.process.js';

/** One of the built apps, over HTTP. */
export class RunningApp {
  private constructor(
    readonly process: NodeProcess,
    readonly url: string,
  ) {}

  /** @param process whose output tells what happened */
  static at(process: NodeProcess, port: number): RunningApp {
    return new RunningApp(process, `http://127.0.0.1:${port}`);
  }

  /** Resolves when it says that it is healthy. */
  static async start(
    name: 'orders' | 'notifications' | 'console',
    environment: Readonly<Record<string, string>>,
  ): Promise<RunningApp> {
    const port = await freePort();
    const variables = { HOST: '127.0.0.1', PORT: String(port), ...environment };
    const app = RunningApp.at(NodeProcess.start(`apps/${name}/dist/main.js`, variables), port);
    await app.process.prints(/Listening/);
    await eventually(async () => expect((await app.get('/health')).status).toBe(200));
    return app;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.send('POST', path, body === undefined ? undefined : JSON.stringify(body));
  }

  async send(method: string, path: string, body?: string, type = 'application/json'): Promise<Answer> {
    const content = body === undefined ? {} : { body, headers: { 'content-type': type } };
    const response = await fetch(this.url + path, { method, ...content });
    return { status: response.status, body: await response.json() };
  }
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export const teapots = { sku: 'teapot', quantity: 2, unitPrice: 29.9 };

export async function placeOrder(orders: RunningApp, customerId: string): Promise<Order> {
  const { status, body } = await orders.post('/orders', { customerId, items: [teapots] });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body as Order;
}

/** Resolves with the customer's notifications as soon as there are `count`. */
export function untilNotified(
  app: RunningApp,
  customerId: string,
  count: number,
  options?: EventuallyOptions,
): Promise<Notification[]> {
  return eventually(async () => {
    const { body } = await app.get(`/notifications?customerId=${customerId}`);
    expect(body).toHaveLength(count);
    return body as Notification[];
  }, options);
}
