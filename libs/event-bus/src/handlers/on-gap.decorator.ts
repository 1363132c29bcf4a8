import { COPY_VERSION, ON_GAP_KEY } from '../module/event-bus.constants.js';
import { unknownOptions } from '../option.checks.js';
import { stackMetadata } from './decorated.method.js';

/** Options of {@link OnGap}. */
export interface OnGapOptions {
  /**
   * The bus, by the name given in `EventBusModule.forRoot({ name })`.
   * @default 'default'
   */
  readonly bus?: string | undefined;
}

const ON_GAP = Symbol.for(`${ON_GAP_KEY}:${COPY_VERSION}`);

/**
 * Calls the method with a {@link Gap} when events may be missing: a subscription was interrupted and is back, the
 * numbers of a publisher's events have a hole, or a handler was too slow and lost some. This is where a service
 * reconciles from its durable store. What comes from the call on is complete, so reconciling cannot miss anything.
 *
 * One call at a time: gaps that show while the method runs are joined into one for its next call. Shutdown waits for it.
 * Works on methods of singleton providers and controllers; guards, pipes, interceptors and filters do not apply. What
 * the method throws is logged. Several decorators on one method are for several buses.
 */
export function OnGap(options: OnGapOptions = {}): MethodDecorator {
  return stackMetadata('@OnGap', ON_GAP, options);
}

/** What @OnGap left on a method, in reading order; undefined when it is not decorated. */
export function onGapMetadata(method: object): readonly OnGapOptions[] | undefined {
  return Reflect.getMetadata(ON_GAP, method) as readonly OnGapOptions[] | undefined;
}

/** What is wrong with the decorators of one method, each with what to write instead. */
export function onGapProblems(metadata: readonly OnGapOptions[]): string[] {
  return metadata.flatMap((options) => unknownOptions(['bus'], options));
}
