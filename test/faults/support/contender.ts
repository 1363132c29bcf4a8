import type {
  EventBusInspector,
  EventBusPublisher,
  EventBusStatus,
  EventBusSubscriber,
  Gap,
} from 'nestjs-redis-event-bus';
import type { LogLines } from '../../support/log.lines.js';

/** One way to publish and handle events over Redis. Every fault happens to several of them. */
export interface Contender {
  /** What the matrix calls it. */
  readonly name: string;
  /** Resolves as the contender's own start does: with everything in place, as far as it waits for that. */
  start(setup: ContenderSetup): Promise<RunningContender>;
}

export interface ContenderSetup {
  readonly url: string;
  /** @default [] */
  readonly handlers?: readonly HandlerSetup[];
  /** Given what ends the contender, in whatever state it is, as soon as there is something to end. */
  readonly endLater: (end: () => unknown) => void;
}

/** One handler, as a user would write it. */
export interface HandlerSetup {
  /** The name of its method. */
  readonly name: string;
  /** Channels, and globs where they have a star, a question mark or a class. */
  readonly targets: readonly string[];
  readonly handle: (payload: unknown) => unknown;
  /** What else stands above the method, where the contender has decorated methods at all. */
  readonly decorators?: readonly MethodDecorator[];
}

export interface RunningContender {
  /** The gaps that it tells of, as they come. */
  readonly gaps: readonly Gap[];
  /** What it logged. */
  readonly log: LogLines;
  /** Whether it says of itself that all is well. */
  readonly isReady: () => boolean;
  /** Called each time when it is not ready any more, for however short a time. Left out, it is asked again and again. */
  readonly onUnready?: (listener: () => void) => void;
  /** Everything that it tells those who run it: state, reasons, log lines. */
  readonly report: () => string;
  publish(channel: string, payload: unknown): Promise<unknown>;
  /** Resolves as the contender's own graceful end does. */
  close(): Promise<unknown>;
  /** Only of the bus. */
  readonly bus?: RunningBus;
}

export interface RunningBus {
  readonly publisher: EventBusPublisher;
  readonly subscriber: EventBusSubscriber;
  readonly inspector: EventBusInspector;
  readonly status: EventBusStatus;
}

/** The same under another name, for the matrix. */
export function named(name: string, contender: Contender): Contender {
  return { ...contender, name };
}

/** Redis' own distinction: everything else is a channel. */
export function isGlob(target: string): boolean {
  return /[*?[]/.test(target);
}
