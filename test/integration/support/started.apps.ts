import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { EventBusModuleOptions, EventBusSnapshot, Gap, HandlerSnapshot } from 'nestjs-redis-event-bus';
import {
  ConfigurationError,
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
} from 'nestjs-redis-event-bus';
import { Escapes } from '../../support/escapes.js';
import { Inbox } from '../../support/inbox.js';
import { LogLines } from '../../support/log.lines.js';

/** An application with a bus, and what its tests look at. */
export class StartedApp {
  /** Every gap from the start on. */
  readonly gaps = new Inbox<Gap>();

  constructor(
    readonly app: INestApplication,
    readonly log: LogLines,
  ) {
    this.status.gaps.subscribe(this.gaps.push);
  }

  get publisher(): EventBusPublisher {
    return this.app.get(EventBusPublisher);
  }

  get subscriber(): EventBusSubscriber {
    return this.app.get(EventBusSubscriber);
  }

  get status(): EventBusStatus {
    return this.app.get(EventBusStatus);
  }

  get snapshot(): EventBusSnapshot {
    return this.app.get(EventBusInspector).snapshot();
  }

  get counters(): EventBusSnapshot['counters'] {
    return this.snapshot.counters;
  }

  handler(name: string): HandlerSnapshot {
    const found = this.snapshot.handlers.find(({ handler }) => handler === name);
    if (found === undefined) throw new Error(`There is no handler ${name}.`);
    return found;
  }

  /** What the bus logged at these levels. */
  lines(...levels: readonly string[]): string[] {
    return this.log.lines
      .filter(({ level, rest }) => levels.includes(level) && String(rest.at(-1)).startsWith('EventBus'))
      .map(({ message }) => message);
  }
}

export interface StartedApps {
  /** Resolves when the application has started. */
  readonly start: (metadata: ModuleMetadata, ...buses: readonly BusOptions[]) => Promise<StartedApp>;
  /** What the start fails with. */
  readonly problemsOf: (
    metadata: ModuleMetadata,
    ...buses: readonly BusOptions[]
  ) => Promise<readonly string[]>;
}

export type BusOptions = EventBusModuleOptions & { readonly name?: string };

/** Starts applications, and closes them after each test of the file: nothing may escape from any. */
export function startedApps(): StartedApps {
  const open: INestApplication[] = [];
  const escapes = new Escapes();
  beforeEach(() => escapes.listen());
  afterEach(async () => {
    try {
      for (const app of open.splice(0).reverse()) await app.close();
      expect(await escapes.take()).toEqual([]);
    } finally {
      escapes.release();
    }
  });

  const start: StartedApps['start'] = async (metadata, ...buses) => {
    const log = new LogLines();
    const imports = [...buses.map((options) => EventBusModule.forRoot(options)), ...(metadata.imports ?? [])];
    const testing = await Test.createTestingModule({ ...metadata, imports })
      .setLogger(log)
      .compile();
    const app = testing.createNestApplication();
    app.useLogger(log);
    open.push(app);
    const started = new StartedApp(app, log);
    await app.init();
    return started;
  };
  const problemsOf: StartedApps['problemsOf'] = async (...args) => {
    const error = await start(...args).then(
      () => new Error('The application started.'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  };
  return { start, problemsOf };
}
