import { toContract } from '../contracts/event.contract.js';
import { AsyncOptions } from '../module/async.options.js';
import type { OptionCheck, OptionTable } from '../option.checks.js';
import { fitting, isObject, optionProblems, said, trueOrFalse, unknownOptions } from '../option.checks.js';
import type { MadeDocument } from './asyncapi.options.js';

const MODULE_CALL = 'EventBusAsyncApiModule.forRoot(…)';
const ASYNC_CALL = 'EventBusAsyncApiModule.forRootAsync(…)';
const EXAMPLE = "info: { title: 'Orders', version: '1.0.0' }";

const DOCUMENT = {
  info: infoProblem,
  publishes: fitting(
    (value) => Array.isArray(value) && value.every((item) => toContract(item) !== undefined),
    'must be an array of contracts from defineEvent().',
  ),
  servers: fitting(
    (value) => isObject(value) && Object.values(value).every(isServer),
    "must be an object of servers by name, e.g. { production: { host: 'redis.example:6379', protocol: 'rediss' } }.",
  ),
  redactAddress: trueOrFalse,
  jsonSchema: fitting((value) => typeof value === 'function', 'must be a function: (contract) => schema.'),
  bus: fitting((value) => typeof value === 'string' && value !== '', 'must be the name of a bus.'),
} satisfies OptionTable;

const BESIDE_FACTORY = {
  bus: DOCUMENT.bus,
  path: pathProblem,
  guards: fitting(
    (value) => Array.isArray(value) && value.length > 0 && value.every(isGuard),
    'must be an array of at least one guard, e.g. guards: [AdminGuard].',
  ),
  access: fitting(
    (value) => value === 'loopback',
    "must be 'loopback'. For anything else write guards: [AdminGuard].",
  ),
} satisfies OptionTable;

const MODULE = {
  ...DOCUMENT,
  ...BESIDE_FACTORY,
  imports: fitting((value) => Array.isArray(value), 'must be an array of modules.'),
} satisfies OptionTable;

/** Where `forRootAsync` gets the options of the document from. */
export const ASYNC_OPTIONS = new AsyncOptions<MadeDocument, 'createEventBusAsyncApiOptions'>(
  ASYNC_CALL,
  'createEventBusAsyncApiOptions',
  BESIDE_FACTORY,
);

/** Segments of a URL that neither Express nor Fastify reads as a pattern, and that no client resolves, as it does `..`. */
const PATH = /^\/?(?!\.{1,2}(?:\/|$))[\w.~-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*$/;

/** All problems with the options of a document, each with what to write instead. */
export function documentOptionProblems(options: unknown): string[] {
  return problemsIn('EventBusAsyncApi.document(app, …)', DOCUMENT, options);
}

/** The same for the module. */
export function moduleOptionProblems(options: unknown): string[] {
  return [...problemsIn(MODULE_CALL, MODULE, options), ...routeProblems(MODULE_CALL, options)];
}

/** The same for the argument of `forRootAsync`. */
export function asyncOptionProblems(options: unknown): string[] {
  return [...ASYNC_OPTIONS.problemsIn(options), ...routeProblems(ASYNC_CALL, options)];
}

/** The same for what its factory made. */
export function madeOptionProblems(made: unknown): string[] {
  const late = ASYNC_OPTIONS.lateProblemsIn(made);
  return late.length > 0 ? late : problemsIn(`${ASYNC_CALL}, useFactory`, DOCUMENT, made);
}

function routeProblems(call: string, options: unknown): string[] {
  return isObject(options) ? [...missingPath(call, options), ...accessProblems(call, options)] : [];
}

function problemsIn(call: string, table: OptionTable, options: unknown): string[] {
  if (!isObject(options)) return [`${call} has no options. Write ${EXAMPLE}.`];
  const nameOf = (path: readonly string[]): string => `${call}: ${path.join('.')}`;
  return [
    ...said(nameOf(['info']), options['info'] === undefined ? `is missing. Write ${EXAMPLE}.` : undefined),
    ...optionProblems(table, options, nameOf),
    ...unknownOptions(Object.keys(table), options, nameOf),
  ];
}

function infoProblem(info: unknown): ReturnType<OptionCheck> {
  const isComplete =
    isObject(info) &&
    [info['title'], info['version']].every((text) => typeof text === 'string' && text !== '');
  return isComplete ? undefined : `must have a title and a version, e.g. ${EXAMPLE}.`;
}

function missingPath(call: string, { path }: Readonly<Record<string, unknown>>): string[] {
  return path === undefined ? [`${call}: path is missing. Write path: 'asyncapi'.`] : [];
}

function pathProblem(path: unknown): ReturnType<OptionCheck> {
  return typeof path === 'string' && PATH.test(path)
    ? undefined
    : "must be a plain path without parameters, globs, dots alone and a slash at its end, e.g. 'asyncapi' or 'internal/asyncapi'.";
}

function accessProblems(call: string, { guards, access }: Readonly<Record<string, unknown>>): string[] {
  if (guards !== undefined && access !== undefined)
    return [`${call}: guards and access are both set. Leave out access; a guard decides alone.`];
  if (guards !== undefined || access !== undefined) return [];
  return [
    `${call}: nothing says who may read the document. Write guards: [AdminGuard], or access: 'loopback' for requests from this machine.`,
  ];
}

function isServer(value: unknown): boolean {
  return isObject(value) && [value['host'], value['protocol']].every((text) => typeof text === 'string');
}

function isGuard(value: unknown): boolean {
  return typeof value === 'function' || (isObject(value) && typeof value['canActivate'] === 'function');
}
