import { COPY_VERSION, ON_GAP_KEY } from '../module/event-bus.constants.js';
import { unknownOptions } from '../option.checks.js';
import { stackMetadata } from './stacked.metadata.js';

/** Options of {@link OnGap}. */
export interface OnGapOptions {
  /**
   * The bus, by the name given in `EventBusModule.forRoot({ name })`.
   * @default 'default'
   */
  readonly bus?: string | undefined;
}

export const ON_GAP = Symbol.for(`${ON_GAP_KEY}:${COPY_VERSION}`);

/**
 * Calls the method with a {@link Gap} when events may have been missed: a subscription was interrupted and is confirmed again,
 * a publisher's sequence numbers have a hole, or a handler fell behind and events were dropped. This is where a service
 * reconciles from its durable store. Delivery is complete from the call on, so reconciling cannot miss anything.
 *
 * The method is called one call at a time: gaps that are reported while it runs are joined into one for the next call. Shutdown
 * waits for it. Works on methods of singleton providers and controllers; guards, pipes, interceptors and filters do not apply.
 * Errors that the method throws are logged. Several decorators on one method are for several buses.
 */
export function OnGap(options: OnGapOptions = {}): MethodDecorator {
  return stackMetadata('@OnGap', ON_GAP, options);
}

/** The @OnGap metadata of a method, in reading order; undefined if it is not decorated. */
export function onGapMetadata(method: object): readonly OnGapOptions[] | undefined {
  return Reflect.getMetadata(ON_GAP, method) as readonly OnGapOptions[] | undefined;
}

/** The problems with the decorators of one method, each with what to write instead. */
export function onGapProblems(metadata: readonly OnGapOptions[]): string[] {
  return metadata.flatMap((options) => unknownOptions(['bus'], options));
}
