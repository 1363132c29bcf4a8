import type { INestApplication, ModuleMetadata, Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { EventBusModuleOptions, EventBusSnapshot, Gap, HandlerSnapshot } from 'nestjs-redis-event-bus';
import {
  ConfigurationError,
  EventBusInspector,
  EventBusModule,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  memory,
} from 'nestjs-redis-event-bus';
import { Escapes } from './escapes.js';
import { Inbox } from './inbox.js';
import { LogLines } from './log.lines.js';

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

  get inspector(): EventBusInspector {
    return this.app.get(EventBusInspector);
  }

  get snapshot(): EventBusSnapshot {
    return this.inspector.snapshot();
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
  /** Starts an application with one bus: the options of the file, and these before them. */
  readonly boot: (options?: Partial<BusOptions>, ...providers: readonly Provider[]) => Promise<StartedApp>;
  /** Resolves when the application has started. */
  readonly start: (metadata: ModuleMetadata, ...buses: readonly BusOptions[]) => Promise<StartedApp>;
  /** An application that has not started, closed after the test as the others are. */
  readonly create: (metadata: ModuleMetadata) => Promise<INestApplication>;
  /** What the start fails with. */
  readonly problemsOf: (
    metadata: ModuleMetadata,
    ...buses: readonly BusOptions[]
  ) => Promise<readonly string[]>;
  /** What would have ended the process, for a control that has seen it. */
  readonly escapes: Escapes;
  /** What all applications of the test have logged. */
  readonly log: LogLines;
}

export type BusOptions = EventBusModuleOptions & { readonly name?: string };

/**
 * Starts applications, and closes them after each test of the file, before its own `afterEach`: nothing may escape from any.
 *
 * @example const { boot } = startedApps(() => ({ transport: redis({ url: server.url }) }));
 */
export function startedApps(defaults: () => BusOptions = onMemory): StartedApps {
  const open: INestApplication[] = [];
  const escapes = new Escapes();
  const all = new LogLines();
  beforeEach(() => {
    escapes.listen();
    all.lines.length = 0;
  });
  afterEach(async () => {
    try {
      for (const app of open.splice(0).reverse()) await app.close();
      expect(await escapes.take()).toEqual([]);
    } finally {
      escapes.release();
    }
  });

  const create = async (metadata: ModuleMetadata, log = all): Promise<INestApplication> => {
    const testing = await Test.createTestingModule(metadata).setLogger(log).compile();
    const app = testing.createNestApplication();
    app.useLogger(log);
    open.push(app);
    return app;
  };
  const start: StartedApps['start'] = async (metadata, ...buses) => {
    const log = new LogLines(all);
    const imports = [...buses.map((options) => EventBusModule.forRoot(options)), ...(metadata.imports ?? [])];
    const app = await create({ ...metadata, imports }, log);
    const started = new StartedApp(app, log);
    await app.init();
    return started;
  };
  const boot: StartedApps['boot'] = (options, ...providers) =>
    start({ providers: [...providers] }, { ...defaults(), ...options });
  const problemsOf: StartedApps['problemsOf'] = async (...args) => {
    const error = await start(...args).then(
      () => new Error('The application started.'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  };
  return { boot, start, create: (metadata) => create(metadata), problemsOf, escapes, log: all };
}

function onMemory(): BusOptions {
  return { transport: memory() };
}
