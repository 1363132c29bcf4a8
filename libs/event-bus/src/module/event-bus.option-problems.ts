import { strangeContractProblem, toContract } from '../contracts/event.contract.js';
import { HANDLER_OPTIONS } from '../dispatching/handler.option-problems.js';
import type { EventBusModuleOptions } from './event-bus.options.js';
import type { EventCodec } from '../message/event.codec.js';
import type { OptionCheck, OptionTable } from '../option.checks.js';
import {
  fitting,
  isObject,
  milliseconds,
  oneOf,
  optionProblems,
  trueOrFalse,
  unknownOptions,
  wholeNumber,
} from '../option.checks.js';
import { observerProblem } from '../observing/observer.registry.js';
import { nameProblem } from '../routing/name.problem.js';
import type { TransportFactory } from '../transports/event.transport.js';

/** The longest string in Redis. */
const MAX_PAYLOAD_BYTES = 512 * 1024 * 1024;

const someText = fitting((value) => typeof value === 'string' && value !== '', 'must be a non-empty string.');

/** All but the transport, which checks its own options, and the observers, which are a list. */
const TABLE = {
  prefix: prefixProblem,
  codec: fitting(
    isCodec,
    'must have encode and decode. Write codec: json(), cloudEvents({ source }) or raw().',
  ),
  maxPayloadBytes: wholeNumber(1, MAX_PAYLOAD_BYTES),
  batching: trueOrFalse,
  contracts: contractsProblem,
  handlerDefaults: { example: 'concurrency: 16', options: HANDLER_OPTIONS },
  coalesce: trueOrFalse,
  logFormat: oneOf('text', 'fields'),
  instance: { example: "service: 'orders'", options: { service: someText, version: someText } },
  keyspace: { example: "ensure: 'set'", options: { ensure: oneOf('check', 'set', 'off') } },
  startup: {
    example: 'timeoutMs: 5000',
    options: { timeoutMs: milliseconds(), onFailure: oneOf('throw', 'retry') },
  },
  shutdown: { example: 'drainTimeoutMs: 5000', options: { drainTimeoutMs: milliseconds(0) } },
} satisfies OptionTable & Record<Exclude<keyof EventBusModuleOptions, 'transport' | 'observers'>, unknown>;

/** All problems with the options of a bus, each with what to write instead. */
export function busOptionProblems(options: unknown, name: unknown): string[] {
  const ofName = typeof name === 'string' && name !== '' ? [] : ['name must be a non-empty string.'];
  if (!isObject(options)) {
    return [...ofName, 'options are missing. Write EventBusModule.forRoot({ transport: redis() }).'];
  }
  return [
    ...ofName,
    ...transportProblems(options['transport']),
    ...optionProblems(TABLE, options),
    ...observersProblems(options['observers']),
    ...framesProblems(options),
    ...unknownOptions(['transport', 'observers', ...Object.keys(TABLE)], options),
  ];
}

function transportProblems(transport: unknown): readonly string[] {
  return isTransportFactory(transport)
    ? transport.problems
    : ['transport is missing. Write transport: redis({ url }) or transport: memory().'];
}

function observersProblems(observers: unknown): string[] {
  if (observers === undefined) return [];
  if (!Array.isArray(observers)) return ['observers must be an array, e.g. observers: [new MyObserver()].'];
  return observers
    .map(observerProblem)
    .flatMap((problem, index) => (problem === undefined ? [] : [`observers[${index}] ${problem}`]));
}

function framesProblems({ batching, codec }: Readonly<Record<string, unknown>>): string[] {
  const areFramesSent = isCodec(codec) && codec.frames?.areSent === true;
  return batching === false && areFramesSent
    ? ['frames: true needs batching. Leave out batching: false, or frames.']
    : [];
}

function prefixProblem(prefix: unknown): ReturnType<OptionCheck> {
  if (typeof prefix !== 'string') return "must be a string, e.g. 'shop:'.";
  if (prefix.startsWith('__')) return 'must not start with "__": those channels belong to Redis.';
  const problem = nameProblem(prefix);
  return problem === undefined ? undefined : `cannot be used: ${problem}`;
}

function contractsProblem(contracts: unknown): ReturnType<OptionCheck> {
  if (!Array.isArray(contracts)) return NO_CONTRACTS;
  if (contracts.every((item) => toContract(item) !== undefined)) return undefined;
  const strange = contracts.map(strangeContractProblem).find((problem) => problem !== undefined);
  return strange === undefined ? NO_CONTRACTS : `cannot be used: ${strange}`;
}

const NO_CONTRACTS = 'must be an array of contracts from defineEvent().';

function isTransportFactory(value: unknown): value is TransportFactory {
  return isObject(value) && typeof value['create'] === 'function';
}

function isCodec(value: unknown): value is EventCodec {
  return isObject(value) && typeof value['encode'] === 'function' && typeof value['decode'] === 'function';
}
