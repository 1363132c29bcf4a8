import { runInThisContext } from 'node:vm';
import type { INestApplication, INestMicroservice, ModuleMetadata } from '@nestjs/common';
import type { NestHybridApplicationOptions } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TransportFactory } from 'nestjs-redis-event-bus';
import type { EventBusClientOptions, EventBusServerOptions } from 'nestjs-redis-event-bus/microservices';
import { EventBusClient, EventBusServer } from 'nestjs-redis-event-bus/microservices';
import { settled } from '../../../support/eventually.js';
import { LogLines } from '../../../support/log.lines.js';

/** The process itself. Jest's sandbox has a copy, on which nobody hears of what would end it. */
const node = runInThisContext('process') as NodeJS.Process;
const ESCAPES = ['unhandledRejection', 'uncaughtException'] as const;

/** In an order of their own, for what may come in any. */
export function inAnyOrder(items: readonly unknown[]): unknown[] {
  const textOf = (item: unknown) => JSON.stringify(item) ?? '';
  return items.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

export interface HybridOptions {
  /** How many microservices are connected to the application. @default 1 */
  readonly servers?: number;
  readonly server?: Partial<EventBusServerOptions>;
  readonly hybrid?: NestHybridApplicationOptions;
  /** Before anything is connected, where `main.ts` has its `useGlobal…`. */
  readonly configure?: (app: INestApplication) => void;
  /** With each connected microservice, before it listens. */
  readonly connected?: (microservice: INestMicroservice, server: EventBusServer) => void;
}

export interface StartedMicroservice {
  readonly app: INestMicroservice;
  readonly server: EventBusServer;
}

/** Starts servers and clients on one transport, and closes them after each test of the file. */
export class MicroserviceApps {
  /** What the applications logged in this test. */
  readonly log = new LogLines();
  private readonly closers: (() => unknown)[] = [];

  /** @param transport a new factory for each server and client, all of them on one broker. */
  constructor(private readonly transport: () => TransportFactory) {
    const escaped: unknown[] = [];
    const collect = (error: unknown) => escaped.push(error);
    beforeEach(() => {
      this.log.lines.length = 0;
      for (const event of ESCAPES) node.on(event, collect);
    });
    afterEach(async () => {
      for (const close of this.closers.splice(0).reverse()) await close();
      await settled();
      for (const event of ESCAPES) node.off(event, collect);
      expect(escaped.splice(0)).toEqual([]);
    });
  }

  /** Called after the test, before what was registered earlier. */
  closeLater(close: () => unknown): void {
    this.closers.push(close);
  }

  client(options: Partial<EventBusClientOptions> = {}): EventBusClient {
    const client = new EventBusClient({ transport: this.transport(), ...options });
    this.closeLater(() => client.close());
    return client;
  }

  server(options: Partial<EventBusServerOptions> = {}): EventBusServer {
    return new EventBusServer({ transport: this.transport(), ...options });
  }

  /** An application that is nothing but a microservice, listening. */
  async serve(
    metadata: ModuleMetadata,
    options: Partial<EventBusServerOptions> = {},
  ): Promise<StartedMicroservice> {
    const { app, server } = await this.create(metadata, options);
    await app.listen();
    return { app, server };
  }

  /** As {@link serve}, before it listens. */
  async create(
    metadata: ModuleMetadata,
    options: Partial<EventBusServerOptions> = {},
  ): Promise<StartedMicroservice> {
    const server = this.server(options);
    const testing = await Test.createTestingModule(metadata).setLogger(this.log).compile();
    const app = testing.createNestMicroservice({ strategy: server });
    this.closeLater(() => app.close());
    app.useLogger(this.log);
    return { app, server };
  }

  /** An HTTP application with microservices connected to it, started. */
  async hybrid(metadata: ModuleMetadata, options: HybridOptions = {}): Promise<INestApplication> {
    const testing = await Test.createTestingModule(metadata).setLogger(this.log).compile();
    const app = testing.createNestApplication();
    this.closeLater(() => app.close());
    app.useLogger(this.log);
    options.configure?.(app);
    for (let count = options.servers ?? 1; count > 0; count -= 1) {
      const server = this.server(options.server);
      const microservice = app.connectMicroservice({ strategy: server }, options.hybrid);
      options.connected?.(microservice, server);
    }
    await app.startAllMicroservices();
    await app.init();
    return app;
  }
}
