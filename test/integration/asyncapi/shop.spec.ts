import { Parser } from '@asyncapi/parser';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AsyncApiDocument } from 'nestjs-redis-event-bus/asyncapi';
import request from 'supertest';
import { AppModule as NotificationsModule } from '../../../apps/notifications/src/app.module.js';
import { AppModule as OrdersModule } from '../../../apps/orders/src/app.module.js';
import { problemsIn } from './support/document.problems.js';

interface AppModule extends Type<unknown> {
  forRoot(): { readonly module: Type<unknown> };
}

const open: INestApplication[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function documentOf(module: AppModule): Promise<AsyncApiDocument> {
  const testing = await Test.createTestingModule({ imports: [module.forRoot()] }).compile();
  const app = testing.createNestApplication({ logger: false });
  open.push(app);
  await app.init();
  const { body, text } = await request(app.getHttpServer()).get('/asyncapi.json').expect(200);
  const errors = (await new Parser().validate(text)).filter(({ severity }) => severity === 0);
  expect(errors).toEqual([]);
  expect(problemsIn(body as object)).toEqual([]);
  return body as AsyncApiDocument;
}

describe('the document of the sample services', () => {
  it('says that orders publishes whole orders', async () => {
    const { operations, channels, components } = await documentOf(OrdersModule);
    expect(Object.keys(operations)).toEqual(['publish.orders.status']);
    expect(channels['orders.status']).toMatchObject({
      address: 'orders:{status}',
      parameters: { status: {} },
    });
    expect(components.schemas['orders.status']).toMatchObject({
      properties: { status: { enum: ['created', 'paid', 'shipped', 'cancelled'] }, items: { type: 'array' } },
    });
  });

  it('says that notifications needs less of them, and publishes what it sent', async () => {
    const { operations, components } = await documentOf(NotificationsModule);
    expect(Object.keys(operations)).toEqual([
      'OrderNotifier.notify',
      'publish.notifications.customerId.sent',
    ]);
    expect(operations['OrderNotifier.notify']).toMatchObject({
      action: 'receive',
      'x-event-bus': { orderBy: 'function', retry: { attempts: 3 } },
    });
    expect(components.schemas['orders.status']).toMatchObject({ required: ['id', 'customerId', 'status'] });
    expect(Object.keys(components.schemas)).toContain('notifications.customerId.sent');
  });
});
