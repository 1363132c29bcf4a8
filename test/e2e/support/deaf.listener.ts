import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  cloudEvents,
  EventBusModule,
  EventBusStatus,
  type EventContext,
  OnEvent,
  redis,
} from 'nestjs-redis-event-bus';
import type { Order } from '../../../libs/shop-events/src/index.js';

const FENCE = 'fence';

@Injectable()
class OrderListener {
  readonly heard = new Set<string>();
  fenced: (() => void) | undefined;

  @OnEvent(['orders:*', FENCE])
  listen({ id, status }: Order, { channel }: EventContext): void {
    if (channel === FENCE) this.fenced?.();
    else this.heard.add(`${id}:${status}`);
  }
}

/** Handles what the notifications service handles, on a link as good as its, and never reconciles. */
export class DeafListener {
  private constructor(
    private readonly app: INestApplicationContext,
    private readonly listener: OrderListener,
  ) {}

  static async start(url: string): Promise<DeafListener> {
    @Module({
      imports: [
        EventBusModule.forRoot({ transport: redis({ url }), codec: cloudEvents({ source: '/control' }) }),
      ],
      providers: [OrderListener],
    })
    class ListenerModule {}
    const app = await NestFactory.createApplicationContext(ListenerModule, { logger: false });
    return new DeafListener(app, app.get(OrderListener));
  }

  get isReady(): boolean {
    return this.app.get(EventBusStatus).current === 'ready';
  }

  /** Every change it heard of: `<order>:<status>`. */
  async heard(publishFence: (channel: string) => Promise<unknown>): Promise<ReadonlySet<string>> {
    const fenced = new Promise<void>((resolve) => (this.listener.fenced = resolve));
    await publishFence(FENCE);
    await fenced;
    return this.listener.heard;
  }

  async stop(): Promise<void> {
    await this.app.close();
  }
}
