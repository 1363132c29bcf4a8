import { contractOf, readTarget } from '../contracts/contract.target.js';
import type { EventContract } from '../contracts/event.contract.js';
import type { StandardSchema } from '../contracts/standard.schema.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { DEFAULT_HANDLER_SETTINGS } from '../dispatching/handler.options.js';
import type { HandlerSettings } from '../dispatching/handler.options.js';
import type { EventBusSettings } from '../module/event-bus.options.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import type { SubscriptionKind } from '../routing/subscription-target.js';
import type { EventTransport } from '../transports/event.transport.js';

/** What one bus of this process is made of. Plain JSON, except for the schemas of contracts. */
export interface EventBusDescription {
  /** The name of the bus. */
  readonly bus: string;
  /** The application's prefix, `''` when it has none. */
  readonly prefix: string;
  /** The name of the codec, e.g. `json`. */
  readonly codec: string;
  /** The transport, and the address it connects to, without credentials. `usesTls` is absent if the transport does not tell. */
  readonly transport: { readonly name: string; readonly address: string; readonly usesTls?: boolean };
  /** Every handler and every listener that was added at run time. */
  readonly handlers: readonly HandlerDescription[];
  /** The contracts of the option `contracts` and of the handlers, each once. */
  readonly contracts: readonly ContractDescription[];
}

/** One handler, its targets and its options. */
export interface HandlerDescription {
  /** `OrderNotifier.notify`; `listener`, or `replies` of an `EventBusClient`, for one added at run time. */
  readonly handler: string;
  /** Whether it was added at run time: it may be gone in a moment. */
  readonly isListener: boolean;
  /** Channels before globs. */
  readonly targets: readonly TargetDescription[];
  /** What is appended to the channel of a request for its replies. Absent if the handler answers no requests. */
  readonly replySuffix?: string;
  /** Its options, with all defaults applied. */
  readonly options: HandlerOptionsDescription;
}

/** One target of a handler. */
export interface TargetDescription {
  /** As written, without the prefix. */
  readonly target: string;
  /** The command that subscribes to it: SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE. */
  readonly kind: SubscriptionKind;
  /** The channel or the glob at Redis, with the prefix. Another target may cover it. */
  readonly name: string;
  /** The names of the template's parameters, in order. Absent if it is no template. */
  readonly params?: readonly string[];
  /** Absent if the target has none. */
  readonly contract?: ContractDescription;
}

/** One contract, see {@link defineEvent}. */
export interface ContractDescription {
  /** The template as written, without the prefix. */
  readonly template: string;
  /** Whether its events are sent by SPUBLISH. */
  readonly isSharded: boolean;
  /** The names of the template's parameters, in order. */
  readonly params: readonly string[];
  /** The schema itself, an object of its library. Absent if it has none. */
  readonly schema?: StandardSchema;
}

/** The options of one handler as plain JSON. */
export interface HandlerOptionsDescription extends Omit<HandlerSettings, 'orderBy' | 'timeoutMs'> {
  /** `function` if the key is computed. */
  readonly orderBy: 'channel' | 'none' | 'function';
  /** Absent if there is no limit. */
  readonly timeoutMs?: number;
}

const ADDED_AT_RUN_TIME = ['listener', 'replies'];

/** Whether handlers of this name come and go, with targets that nobody declared. A decorated method has a dot in its name. */
export function isAddedAtRunTime(handler: string): boolean {
  return ADDED_AT_RUN_TIME.includes(handler);
}

export function describeBus(
  settings: EventBusSettings,
  { name, address, usesTls }: EventTransport,
  handlers: readonly EventHandler[],
): EventBusDescription {
  const targets = [
    ...(settings.contracts ?? []).map((contract) => readTarget(contract, settings.prefix)),
    ...handlers.flatMap((handler) => handler.targets),
  ];
  return {
    bus: settings.name,
    prefix: settings.prefix.prefix,
    codec: settings.codec.name,
    transport: { name, address, ...(usesTls === undefined ? {} : { usesTls }) },
    handlers: handlers.map(describeHandler),
    contracts: contractsIn(targets).map(describeContract),
  };
}

export function describeContract({
  template,
  isSharded,
  channelTemplate,
  schema,
}: EventContract): ContractDescription {
  const params = channelTemplate.paramNames;
  return { template, isSharded, params, ...(schema === undefined ? {} : { schema }) };
}

/** Another copy of this package has an equal object for each use of a contract. */
function contractsIn(targets: readonly HandlerTarget[]): readonly EventContract[] {
  const found: EventContract[] = [];
  for (const target of targets) {
    const contract = contractOf(target);
    if (contract !== undefined && !found.some((other) => areEqual(other, contract))) found.push(contract);
  }
  return found;
}

function areEqual(a: EventContract, b: EventContract): boolean {
  return a.template === b.template && a.isSharded === b.isSharded && a.schema === b.schema;
}

function describeHandler({ name, targets, settings, replySuffix }: EventHandler): HandlerDescription {
  return {
    handler: name,
    isListener: isAddedAtRunTime(name),
    targets: targets.map(describeTarget),
    ...(replySuffix === undefined ? {} : { replySuffix }),
    options: describeOptions(settings),
  };
}

function describeTarget(target: HandlerTarget): TargetDescription {
  const { text, subscription, template } = target;
  const contract = contractOf(target);
  return {
    target: text,
    kind: subscription.kind,
    name: subscription.name,
    ...(template === undefined ? {} : { params: template.paramNames }),
    ...(contract === undefined ? {} : { contract: describeContract(contract) }),
  };
}

function describeOptions(settings: HandlerSettings = DEFAULT_HANDLER_SETTINGS): HandlerOptionsDescription {
  const { orderBy, timeoutMs, ...plain } = settings;
  return {
    ...plain,
    orderBy: typeof orderBy === 'function' ? 'function' : orderBy,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
