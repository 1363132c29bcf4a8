import { SetMetadata } from '@nestjs/common';
import { ConfigurationError } from '../errors.js';
import type { TargetInput } from '../contracts/contract.target.js';
import { targetInputProblem, textOfTarget } from '../contracts/contract.target.js';
import type { SubscriptionKind } from '../routing/subscription-target.js';

export interface OnEventOptions {
  /**
   * The bus, by the name given in `EventBusModule.forRoot({ name })`.
   * @default 'default'
   */
  readonly bus?: string;
  /**
   * Overrules the detection: `channel` is SUBSCRIBE to the literal text, `pattern` is PSUBSCRIBE, `shard` is
   * SSUBSCRIBE (Redis 7.0). Unset, a target with an unescaped `*`, `?` or `[` is a pattern, else a channel.
   */
  readonly kind?: SubscriptionKind;
}

/** One @OnEvent on one method, as it was written. */
export interface OnEventMetadata {
  readonly targets: readonly TargetInput[];
  readonly options: OnEventOptions;
}

const ON_EVENT = Symbol('nestjs-redis-event-bus:on-event');

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
 */
export function OnEvent(
  target: TargetInput | readonly TargetInput[],
  options: OnEventOptions = {},
): MethodDecorator {
  return (prototype, key, descriptor?: PropertyDescriptor) => {
    const method: unknown = descriptor?.value;
    if (descriptor === undefined || typeof method !== 'function') {
      throw new ConfigurationError([`@OnEvent on ${String(key)}: it decorates methods, not properties.`]);
    }
    if (typeof prototype === 'function' || typeof key === 'symbol') {
      throw new ConfigurationError([
        `@OnEvent on ${String(key)}: Nest looks for guards and pipes on instance methods with a name only. Make it one.`,
      ]);
    }
    const targets = Array.isArray(target) ? (target as readonly TargetInput[]) : [target as TargetInput];
    // Decorators run from the bottom up; the list is kept as it reads.
    const stacked = onEventMetadata(method) ?? [];
    SetMetadata(ON_EVENT, [{ targets, options }, ...stacked])(prototype, key, descriptor);
  };
}

/** What @OnEvent left on a method, in reading order; undefined when it is not decorated. */
export function onEventMetadata(method: object): readonly OnEventMetadata[] | undefined {
  return Reflect.getMetadata(ON_EVENT, method) as readonly OnEventMetadata[] | undefined;
}

/** What is wrong with the decorators of one method, each with what to write instead. */
export function onEventProblems(metadata: readonly OnEventMetadata[]): string[] {
  return metadata.flatMap(({ targets, options }) => {
    if (!Array.isArray(targets) || targets.length === 0) {
      return [
        "it has no target. Write @OnEvent('orders:created') or @OnEvent(['orders:created', 'orders:paid']).",
      ];
    }
    const { kind } = options;
    if (kind !== undefined && !['channel', 'pattern', 'shard'].includes(kind)) {
      return [`kind ${JSON.stringify(kind)} does not exist. Write 'channel', 'pattern' or 'shard'.`];
    }
    return targets.flatMap((target) => {
      const problem = targetInputProblem(target, kind);
      return problem === undefined ? [] : [`target ${JSON.stringify(textOfTarget(target))}: ${problem}`];
    });
  });
}
