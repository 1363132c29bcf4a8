import type { OptionTable } from '../option.checks.js';
import {
  argumentOf,
  fitting,
  isObject,
  oneOf,
  optionProblems,
  throwFirst,
  trueOrFalse,
  unknownOptions,
} from '../option.checks.js';
import { contained } from './span.failure.js';

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /**
   * What the span of a handler call is a child of: `'publisher'` is the span that published the event, so that both are one trace;
   * with `'none'` each call begins a trace of its own, for events with very many handlers. Either way it is linked to that span.
   * @default 'publisher'
   */
  readonly parent?: 'publisher' | 'none' | undefined;
  /**
   * Whether each event of a `publishMany` has a span of its own, `create`, besides the span of the call.
   * @default true
   */
  readonly createSpans?: boolean | undefined;
  /**
   * Names the destination of a channel that has no contract, in span names and metrics: return one of few names, such as
   * `'orders'` for `orders:17`, or undefined for none. Without it these channels are not named.
   */
  readonly destinationName?: ((channel: string) => string | undefined) | undefined;
  /** Whether spans tell the size of the message, as `messaging.message.body.size`. @default false */
  readonly messageBodySize?: boolean | undefined;
  /**
   * Whether an instrumentation of ioredis also makes spans of what the bus does: connecting, publishing, subscribing, heartbeats.
   * Commands of your own clients are not affected.
   * @default false
   */
  readonly redisSpans?: boolean | undefined;
}

/** The options with all defaults applied. */
export interface TracingSettings {
  readonly parent: 'publisher' | 'none';
  readonly createSpans: boolean;
  readonly destinationName: (channel: string) => string | undefined;
  readonly messageBodySize: boolean;
  readonly redisSpans: boolean;
}

const TABLE = {
  parent: oneOf('publisher', 'none'),
  createSpans: trueOrFalse,
  destinationName: fitting(
    (value) => typeof value === 'function',
    "must be a function, e.g. (channel) => channel.split(':')[0].",
  ),
  messageBodySize: trueOrFalse,
  redisSpans: trueOrFalse,
} satisfies OptionTable & Record<keyof OpenTelemetryOptions, unknown>;

/** @throws InvalidOptionError for an unknown option or a wrong value. */
export function tracingSettings(options: OpenTelemetryOptions): TracingSettings {
  const named = argumentOf('openTelemetry');
  throwFirst(
    isObject(options)
      ? [...optionProblems(TABLE, options, named), ...unknownOptions(Object.keys(TABLE), options, named)]
      : ["openTelemetry() takes an object, e.g. openTelemetry({ parent: 'none' })."],
  );
  const { parent, createSpans, destinationName, messageBodySize, redisSpans } = options;
  return {
    parent: parent ?? 'publisher',
    createSpans: createSpans ?? true,
    destinationName: destinationName === undefined ? () => undefined : safely(destinationName),
    messageBodySize: messageBodySize ?? false,
    redisSpans: redisSpans ?? false,
  };
}

/** A function of the application must not keep an event from being traced. */
function safely(nameOf: (channel: string) => unknown): TracingSettings['destinationName'] {
  return (channel) => {
    let name: unknown;
    contained(() => (name = nameOf(channel)));
    return typeof name === 'string' ? name : undefined;
  };
}
