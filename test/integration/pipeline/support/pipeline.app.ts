import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { EventBusModule, EventBusPublisher, eventBusToken, memory } from 'nestjs-redis-event-bus';
import { EventBusTestingModule, EventRecorder } from 'nestjs-redis-event-bus/testing';
import { LogLines } from '../../../support/log.lines.js';

export interface PipelineAppOptions {
  /** Before the testing module is compiled. */
  readonly override?: (builder: TestingModuleBuilder) => void;
  /** After it is compiled and before the application starts, where `main.ts` has its `useGlobal…`. */
  readonly configure?: (app: INestApplication) => void;
  /** Names of the buses; one default bus when left out. */
  readonly buses?: readonly (string | undefined)[];
  /** @default true */
  readonly coalesce?: boolean;
}

/** A started application with what its tests look at. */
export class PipelineApp {
  constructor(
    readonly app: INestApplication,
    readonly events: EventRecorder,
    readonly log: LogLines,
  ) {}

  /** Publishes one event and waits until every handler is done with it. */
  async publish(channel: string, payload: unknown = {}, bus?: string): Promise<void> {
    const publisher = this.app.get<EventBusPublisher>(eventBusToken(EventBusPublisher, bus), {
      strict: false,
    });
    await publisher.publish(channel, payload);
    await this.events.settled();
  }
}

/** Starts applications on the in-process transport, and closes them after each test of the file. */
export function pipelineApps(): (
  metadata: ModuleMetadata,
  options?: PipelineAppOptions,
) => Promise<PipelineApp> {
  const started: INestApplication[] = [];
  afterEach(async () => {
    for (const app of started.splice(0)) await app.close();
  });

  return async (metadata, { override, configure, buses = [undefined], coalesce = true } = {}) => {
    const log = new LogLines();
    const builder = Test.createTestingModule({
      ...metadata,
      imports: [
        EventBusTestingModule.forRoot(),
        ...buses.map((name) => EventBusModule.forRoot({ transport: memory(), name, coalesce })),
        ...(metadata.imports ?? []),
      ],
    }).setLogger(log);
    override?.(builder);
    const testing = await builder.compile();
    const app = testing.createNestApplication();
    configure?.(app);
    await app.init();
    started.push(app);
    log.lines.length = 0;
    return new PipelineApp(app, app.get(EventRecorder), log);
  };
}
