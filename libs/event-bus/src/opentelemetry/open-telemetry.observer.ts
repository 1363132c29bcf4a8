import { Logger } from '@nestjs/common';
import type { StartedFact } from '../observing/bus.facts.js';
import type {
  AroundTransport,
  EventBusObserver,
  ObservedTransport,
} from '../observing/event-bus.observer.js';
import { BusPlaces, isRedis } from './bus.places.js';
import type { OpenTelemetryOptions, TracingSettings } from './open-telemetry.options.js';
import { tracingSettings } from './open-telemetry.options.js';
import type { SdkMethods } from './sdk.methods.js';
import { methodsForSdk } from './sdk.methods.js';
import { runSilently } from './silent.context.js';

/**
 * Spans and metrics of what a bus does, by the OpenTelemetry SDK of the process, if there is one. One observer may serve several
 * buses. An SDK must be registered before the application is created: `node --import ./telemetry.mjs dist/main.js`. Without one the
 * observer does nothing, and costs nothing.
 *
 * @example EventBusModule.forRoot({ transport, codec: cloudEvents({ source: '/orders' }), observers: [openTelemetry()] })
 * @throws InvalidOptionError for an unknown option or a wrong value.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): EventBusObserver {
  return new OpenTelemetryObserver(tracingSettings(options)) as EventBusObserver;
}

/** A bus looks up the methods of an observer when it is created: those that would do nothing are not there. */
class OpenTelemetryObserver {
  private readonly places = new BusPlaces();
  private readonly transports = new Map<string, ObservedTransport>();
  /** The buses that were created before there was an SDK. */
  private readonly early = new Set<string>();
  private knownMethods: SdkMethods | undefined;

  constructor(private readonly settings: TracingSettings) {}

  aroundTransport(transport: ObservedTransport): AroundTransport | undefined {
    this.places.add(transport);
    this.transports.set(transport.bus, transport);
    if (!this.isTracing) {
      this.early.add(transport.bus);
      return undefined;
    }
    return isRedis(transport.transport) && !this.settings.redisSpans ? runSilently : undefined;
  }

  started({ bus }: StartedFact): void {
    if (!this.isTracing) return;
    const transport = this.transports.get(bus);
    if (this.early.has(bus)) warn(TOO_LATE, `bus=${bus}`, REGISTER_FIRST);
    else if (transport?.carriesMetadata === false)
      warn(NOT_LINKED, `codec=${transport.codec} bus=${bus}`, CARRY_METADATA);
  }

  get aroundPublish(): SdkMethods['aroundPublish'] {
    return this.methods?.aroundPublish;
  }

  get aroundHandle(): SdkMethods['aroundHandle'] {
    return this.methods?.aroundHandle;
  }

  get published(): SdkMethods['published'] {
    return this.methods?.published;
  }

  get publishFailed(): SdkMethods['publishFailed'] {
    return this.methods?.publishFailed;
  }

  get handled(): SdkMethods['handled'] {
    return this.methods?.handled;
  }

  get failed(): SdkMethods['failed'] {
    return this.methods?.failed;
  }

  get repeated(): SdkMethods['repeated'] {
    return this.methods?.repeated;
  }

  private get isTracing(): boolean {
    return this.methods?.aroundPublish !== undefined;
  }

  private get methods(): SdkMethods | undefined {
    this.knownMethods ??= methodsForSdk(this.settings, this.places);
    return this.knownMethods;
  }
}

const TOO_LATE =
  'The event bus has no spans, because the OpenTelemetry SDK was registered after the bus was created';
const REGISTER_FIRST = 'Register it first: node --import ./telemetry.mjs dist/main.js.';
const NOT_LINKED =
  'The traces of handlers are not linked to those of publishers, because the codec carries no metadata';
const CARRY_METADATA = 'Write codec: cloudEvents({ source }).';

function warn(sentence: string, fields: string, advice: string): void {
  new Logger('EventBus').warn(`${sentence} (${fields}). ${advice}`);
}
