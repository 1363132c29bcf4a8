import type { ChannelPrefix } from '../routing/channel-prefix.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import { parseTarget, targetProblem, templateTarget } from '../routing/handler-target.js';
import type { SubscriptionKind } from '../routing/subscription-target.js';
import type { ChannelTemplate } from '../routing/channel-template.js';
import type { EventContract } from './event.contract.js';
import { strangeContractProblem, toContract } from './event.contract.js';

/** A target of a subscription: a channel, a Redis glob, a template or a contract. */
export type TargetInput = string | EventContract;

/** A target with its contract: the payloads of its events are validated first. */
interface ContractTarget extends HandlerTarget {
  readonly contract: EventContract;
}

/** Why it cannot be subscribed to and what to do instead, or undefined if it is valid. */
export function targetInputProblem(input: unknown, kind?: SubscriptionKind): string | undefined {
  const contract = toContract(input);
  if (contract === undefined) return strangeContractProblem(input) ?? targetProblem(input, kind);
  if (kind !== undefined) return 'a contract already defines its kind. Leave out kind.';
  return contract.isSharded && contract.channelTemplate.paramNames.length > 0
    ? 'Redis has no patterns for sharded pub/sub. Subscribe to each of its channels by name.'
    : undefined;
}

/** Its form in logs and messages. */
export function textOfTarget(input: TargetInput): string {
  return toContract(input)?.template ?? (input as string);
}

/** `input` must be valid according to {@link targetInputProblem}. */
export function readTarget(
  input: TargetInput,
  prefix: ChannelPrefix,
  kind?: SubscriptionKind,
): HandlerTarget {
  const contract = toContract(input);
  if (contract === undefined) return parseTarget(input as string, prefix, kind);
  const target: ContractTarget = {
    ...templateTarget(
      contract.channelTemplate as ChannelTemplate,
      prefix,
      contract.isSharded ? 'shard' : 'channel',
    ),
    contract,
  };
  return target;
}

/** The contract of a target, if it has one. */
export function contractOf(target: HandlerTarget): EventContract | undefined {
  return (target as Partial<ContractTarget>).contract;
}
