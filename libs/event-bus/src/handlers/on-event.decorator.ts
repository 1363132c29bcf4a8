import {
  HANDLER_OPTIONS,
  HANDLER_OPTION_NAMES,
  TARGET_KIND,
} from '../dispatching/handler.option-problems.js';
import type { HandlerOptions } from '../dispatching/handler.options.js';
import { COPY_VERSION, ON_EVENT_KEY } from '../module/event-bus.constants.js';
import type { TargetInput } from '../contracts/contract.target.js';
import { readTarget, targetInputProblem, textOfTarget } from '../contracts/contract.target.js';
import { optionProblems, unknownOptions } from '../option.checks.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import type { SubscriptionKind } from '../routing/subscription-target.js';
import type { OnEventDecorator } from './handler.decorator.js';
import type { KeyEventDeclaration } from '../keyspace/key-event.declaration.js';
import { keyEventProblems } from '../keyspace/key-event.declaration.js';
import { stackMetadata } from './stacked.metadata.js';

/** Options of {@link OnEvent}. */
export interface OnEventOptions extends HandlerOptions {
  /**
   * The bus, by the name given in `EventBusModule.forRoot({ name })`.
   * @default 'default'
   */
  readonly bus?: string | undefined;
  /**
   * Overrides the detection: `channel` subscribes to the literal text (SUBSCRIBE), `pattern` uses PSUBSCRIBE, `shard`
   * SSUBSCRIBE (Redis 7.0). By default, a target with an unescaped `*`, `?` or `[` is a pattern, any other a channel.
   */
  readonly kind?: SubscriptionKind | undefined;
}

/** The metadata of one @OnEvent or @OnKeyEvent on one method. */
export interface OnEventMetadata {
  readonly targets: readonly TargetInput[];
  readonly options: OnEventOptions;
  /** Set by @OnKeyEvent only. Its targets depend on the database of the bus. */
  readonly keyEvents?: KeyEventDeclaration | undefined;
}

export const ON_EVENT = Symbol.for(`${ON_EVENT_KEY}:${COPY_VERSION}`);

/** Of most decorators. They need no checks. */
const NO_OPTIONS: OnEventOptions = Object.freeze({});

const OPTIONS = { kind: TARGET_KIND, ...HANDLER_OPTIONS };
const OPTION_NAMES = ['bus', ...Object.keys(OPTIONS)];

/**
 * Calls the method for every event on a channel (`orders:created`, SUBSCRIBE), on all channels that a Redis glob matches
 * (`orders:*`, PSUBSCRIBE; `*` matches `:` too, `\*` is a literal star), of a template (`orders:<orderId>:created`, see
 * {@link ChannelParam}) or of a contract ({@link defineEvent}), whose payload is validated first. An array means any of these.
 * Several decorators on one method add up their targets. The method is called once per event, even if several of its targets
 * match, with `(payload, event: EventContext)`.
 *
 * Works on every method of every provider and controller, with guards, pipes, interceptors and filters. If a target is invalid,
 * the application fails to start with a {@link ConfigurationError}.
 *
 * A method whose parameters contradict the payload of a contract or of the {@link EventMap} does not compile. Where a pipe or a
 * parameter decorator changes the payload's type, `@OnEvent<EventContract>(OrderCreated)` leaves the parameters unchecked.
 */
export function OnEvent<const Target extends TargetInput | readonly TargetInput[]>(
  target: Target,
  options?: OnEventOptions,
): OnEventDecorator<Target>;
export function OnEvent(
  target: TargetInput | readonly TargetInput[],
  options: OnEventOptions = NO_OPTIONS,
): MethodDecorator {
  const targets = Array.isArray(target) ? (target as readonly TargetInput[]) : [target as TargetInput];
  const metadata: OnEventMetadata = { targets, options };
  return stackMetadata('@OnEvent', ON_EVENT, metadata);
}

/** The @OnEvent metadata of a method, in reading order; undefined if it is not decorated. */
export function onEventMetadata(method: object): readonly OnEventMetadata[] | undefined {
  return Reflect.getMetadata(ON_EVENT, method) as readonly OnEventMetadata[] | undefined;
}

/** Whether none of the decorators has an option. */
export function areWithoutOptions(metadata: readonly OnEventMetadata[]): boolean {
  return metadata.every(({ options }) => options === NO_OPTIONS);
}

/** Merges the handler options of several decorators on one method: an option of one decorator applies to the whole method. */
export function mergedOptions(metadata: readonly OnEventMetadata[]): HandlerOptions {
  const merged: Record<string, unknown> = {};
  for (const { options } of metadata) for (const name of HANDLER_OPTION_NAMES) merged[name] ??= options[name];
  return merged;
}

/** The targets of several decorators on one method. They must have no problem. */
export function targetsOf(metadata: readonly OnEventMetadata[], prefix: ChannelPrefix): HandlerTarget[] {
  const read: HandlerTarget[] = [];
  for (const { targets, options } of metadata)
    for (const target of targets) read.push(readTarget(target, prefix, options.kind));
  return read;
}

/** The problems with the decorators of one method, each with what to write instead. */
export function onEventProblems(metadata: readonly OnEventMetadata[]): string[] {
  const problems: string[] = [];
  for (const { targets, options, keyEvents } of metadata) {
    if (options !== NO_OPTIONS)
      problems.push(...optionProblems(OPTIONS, options), ...unknownOptions(OPTION_NAMES, options));
    if (keyEvents !== undefined) problems.push(...keyEventProblems(keyEvents));
    else addTargetProblems(problems, targets, options.kind);
  }
  return problems;
}

function addTargetProblems(
  problems: string[],
  targets: readonly TargetInput[],
  kind: SubscriptionKind | undefined,
): void {
  if (!Array.isArray(targets) || targets.length === 0) {
    problems.push(
      "it has no target. Write @OnEvent('orders:created') or @OnEvent(['orders:created', 'orders:paid']).",
    );
    return;
  }
  // The format of a target depends on its kind: an unknown kind cannot be checked.
  if (kind !== undefined && TARGET_KIND(kind) !== undefined) return;
  for (const target of targets) {
    const problem = targetInputProblem(target, kind);
    if (problem !== undefined) problems.push(`target ${JSON.stringify(textOfTarget(target))}: ${problem}`);
  }
}
