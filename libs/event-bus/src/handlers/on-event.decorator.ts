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
import { stackMetadata } from './decorated.method.js';

/** Options of {@link OnEvent}. */
export interface OnEventOptions extends HandlerOptions {
  /**
   * The bus, by the name given in `EventBusModule.forRoot({ name })`.
   * @default 'default'
   */
  readonly bus?: string | undefined;
  /**
   * Overrules the detection: `channel` is SUBSCRIBE to the literal text, `pattern` is PSUBSCRIBE, `shard` is
   * SSUBSCRIBE (Redis 7.0). Unset, a target with an unescaped `*`, `?` or `[` is a pattern, else a channel.
   */
  readonly kind?: SubscriptionKind | undefined;
}

/** One @OnEvent or @OnKeyEvent on one method, as it was written. */
export interface OnEventMetadata {
  readonly targets: readonly TargetInput[];
  readonly options: OnEventOptions;
  /** Only of @OnKeyEvent, whose targets are known once the database of the bus is. */
  readonly keyEvents?: KeyEventDeclaration | undefined;
}

export const ON_EVENT = Symbol.for(`${ON_EVENT_KEY}:${COPY_VERSION}`);

const OPTIONS = { kind: TARGET_KIND, ...HANDLER_OPTIONS };

/**
 * Calls the method for every event on a channel (`orders:created`, SUBSCRIBE) or on all channels that a Redis
 * glob matches (`orders:*`, PSUBSCRIBE; `*` crosses `:`, `\*` is a literal star), or of a template
 * (`orders:<orderId>:created`, see {@link ChannelParam}) or a contract ({@link defineEvent}), whose payload is checked
 * before the method is called. An array means any of these.
 * Several decorators on one method add their targets. The method is called once per event, however many of
 * its targets match, with `(payload, event: EventContext)`.
 *
 * Works on every method of every provider and controller, with guards, pipes, interceptors and filters.
 * Problems with a target fail the start of the application with a {@link ConfigurationError}.
 *
 * A method whose parameters contradict the payload of a contract or of the {@link EventMap} does not compile. Where a pipe or a
 * parameter decorator makes something else of the payload, `@OnEvent<EventContract>(OrderCreated)` leaves them unchecked.
 */
export function OnEvent<const Target extends TargetInput | readonly TargetInput[]>(
  target: Target,
  options?: OnEventOptions,
): OnEventDecorator<Target>;
export function OnEvent(
  target: TargetInput | readonly TargetInput[],
  options: OnEventOptions = {},
): MethodDecorator {
  const targets = Array.isArray(target) ? (target as readonly TargetInput[]) : [target as TargetInput];
  const metadata: OnEventMetadata = { targets, options };
  return stackMetadata('@OnEvent', ON_EVENT, metadata);
}

/** What @OnEvent left on a method, in reading order; undefined when it is not decorated. */
export function onEventMetadata(method: object): readonly OnEventMetadata[] | undefined {
  return Reflect.getMetadata(ON_EVENT, method) as readonly OnEventMetadata[] | undefined;
}

/** The handler options of several decorators on one method: what one of them says holds for all. */
export function mergedOptions(metadata: readonly OnEventMetadata[]): HandlerOptions {
  const merged: Record<string, unknown> = {};
  for (const { options } of metadata) for (const name of HANDLER_OPTION_NAMES) merged[name] ??= options[name];
  return merged;
}

/** What several decorators on one method ask for, none of which may have a problem. */
export function targetsOf(metadata: readonly OnEventMetadata[], prefix: ChannelPrefix): HandlerTarget[] {
  return metadata.flatMap(({ targets, options }) =>
    targets.map((target) => readTarget(target, prefix, options.kind)),
  );
}

/** What is wrong with the decorators of one method, each with what to write instead. */
export function onEventProblems(metadata: readonly OnEventMetadata[]): string[] {
  return metadata.flatMap(({ targets, options, keyEvents }) => {
    const wrongOptions = [
      ...optionProblems(OPTIONS, options),
      ...unknownOptions(['bus', ...Object.keys(OPTIONS)], options),
    ];
    if (keyEvents !== undefined) return [...wrongOptions, ...keyEventProblems(keyEvents)];
    if (!Array.isArray(targets) || targets.length === 0) {
      return [
        ...wrongOptions,
        "it has no target. Write @OnEvent('orders:created') or @OnEvent(['orders:created', 'orders:paid']).",
      ];
    }
    const { kind } = options;
    // Nobody knows what a target of a kind that does not exist should look like.
    if (kind !== undefined && TARGET_KIND(kind) !== undefined) return wrongOptions;
    return [...wrongOptions, ...targetProblems(targets, kind)];
  });
}

function targetProblems(targets: readonly TargetInput[], kind: SubscriptionKind | undefined): string[] {
  return targets.flatMap((target) => {
    const problem = targetInputProblem(target, kind);
    return problem === undefined ? [] : [`target ${JSON.stringify(textOfTarget(target))}: ${problem}`];
  });
}
