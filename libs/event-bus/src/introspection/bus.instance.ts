import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

/** The application as snapshots name it. */
export interface InstanceOptions {
  /**
   * The name of the service, the same in each of its instances.
   * @default the `name` in the package.json of the script that Node was started with; without one, `process.title`
   */
  readonly service?: string | undefined;
  /**
   * The version of the service.
   * @default the `version` in the same package.json
   */
  readonly version?: string | undefined;
}

/** Which service a bus belongs to, and where it runs. */
export interface EventBusInstance {
  /** A random id: another one for each bus, and after each start. */
  readonly id: string;
  /** See {@link InstanceOptions.service}. */
  readonly service: string;
  /** See {@link InstanceOptions.version}. Absent where nothing tells it. */
  readonly version?: string;
  /** The name of the machine or container. */
  readonly host: string;
  /** The id of the process. */
  readonly pid: number;
  /** When the bus was created, in ISO 8601. */
  readonly startedAt: string;
}

/** Who one bus is. Looked up when it is first read. */
export class BusInstance {
  private readonly startedAt = new Date();
  private known: EventBusInstance | undefined;

  constructor(
    private readonly options: InstanceOptions,
    /** Absolute. */
    private readonly script = process.argv[1] ?? process.cwd(),
  ) {}

  read(): EventBusInstance {
    this.known ??= this.lookUp();
    return this.known;
  }

  private lookUp(): EventBusInstance {
    const own = packageOf(this.script);
    const version = this.options.version ?? own?.version;
    return {
      id: randomUUID(),
      service: this.options.service ?? own?.name ?? process.title,
      ...(version === undefined ? {} : { version }),
      host: hostname(),
      pid: process.pid,
      startedAt: this.startedAt.toISOString(),
    };
  }
}

interface NamedPackage {
  readonly name: string;
  readonly version: string | undefined;
}

/** The nearest package.json at or above this path that has a name: a build folder may have one without. */
function packageOf(path: string): NamedPackage | undefined {
  const above = dirname(path);
  return readPackage(join(path, 'package.json')) ?? (above === path ? undefined : packageOf(above));
}

function readPackage(file: string): NamedPackage | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    if (typeof name !== 'string' || name === '') return undefined;
    return { name, version: typeof version === 'string' ? version : undefined };
  } catch {
    return undefined;
  }
}
