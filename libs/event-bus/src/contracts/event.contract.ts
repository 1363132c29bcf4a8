import { ConfigurationError, quote } from '../errors.js';
import { publishProblem } from '../routing/channel-prefix.js';
import { ChannelTemplate, templateProblem } from '../routing/channel-template.js';
import type { StandardSchema } from './standard.schema.js';

/** Options of {@link defineEvent}. */
export interface ContractOptions {
  /** Travels by SPUBLISH and SSUBSCRIBE (Redis 7.0), on both sides. @default false */
  readonly sharded?: boolean | undefined;
}

/**
 * On the contracts of every copy of this package that an application has installed. The number is raised when `template`,
 * `schema` and `isSharded` no longer say all of a contract.
 */
const CONTRACT = Symbol.for('nestjs-redis-event-bus:contract:1');

/** What both sides of an event agree on: where it travels and what it carries. Made by {@link defineEvent}. */
export class EventContract<Template extends string = string, Input = unknown, Output = Input> {
  /** Without its private parts, so that the type is that of another copy's contracts too. @internal */
  readonly channelTemplate: Pick<ChannelTemplate, keyof ChannelTemplate>;

  /** Carries the types of the schema; there is nothing in it. @internal */
  declare readonly types: { readonly input: Input; readonly output: Output };

  /** @internal */
  constructor(
    /** As it was written: `orders:<orderId>:created`. */
    readonly template: Template,
    /** Checks payloads on both sides. Undefined when every payload is accepted. */
    readonly schema: StandardSchema<Input, Output> | undefined,
    /** Whether its events travel by SPUBLISH and SSUBSCRIBE. */
    readonly isSharded: boolean,
  ) {
    this.channelTemplate = new ChannelTemplate(template);
  }

  static {
    Object.defineProperty(this.prototype, CONTRACT, { value: true });
  }
}

/** The contract itself, or one of ours for that of another copy of this package; undefined for anything else. */
export function toContract(value: unknown): EventContract | undefined {
  if (value instanceof EventContract) return value;
  return isForeignContract(value)
    ? new EventContract(value.template, value.schema, value.isSharded)
    : undefined;
}

function isForeignContract(value: unknown): value is EventContract {
  return typeof value === 'object' && value !== null && CONTRACT in value;
}

/** Why an object that looks like a contract is none, or undefined when it does not look like one. */
export function strangeContractProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('template' in value) || !('isSharded' in value)) {
    return undefined;
  }
  return `the contract ${quote(String(value.template))} comes from another copy of nestjs-redis-event-bus, too different from this one. Install one version: npm ls nestjs-redis-event-bus.`;
}

type ParamName<Text extends string> = Text extends `${infer Name}...` ? Name : Text;

/** The names of a template's parameters: `'orderId'` for `orders:<orderId>:created`. */
export type TemplateParamNames<Template extends string> =
  Template extends `${string}<${infer Name}>${infer Rest}`
    ? ParamName<Name> | TemplateParamNames<Rest>
    : never;

type TemplateOf<C> = C extends EventContract<infer Template, infer _Input, infer _Output> ? Template : C;

/** The parameters of a contract or of a template: `{ orderId: string }`. */
export type EventParams<C> = { readonly [Name in TemplateParamNames<TemplateOf<C> & string>]: string };

/** What a handler of the contract gets: the output of its schema. */
export type EventPayload<C extends { readonly types: { readonly output: unknown } }> = C['types']['output'];

/** What a publisher of the contract gives: the input of its schema. */
export type EventInput<C extends { readonly types: { readonly input: unknown } }> = C['types']['input'];

/**
 * Defines an event once, for those who publish it and those who handle it. `template` is a channel, with
 * parameters where its parts vary: `orders:<orderId>:created`, or with a tail: `files:<path...>`. `schema` is any
 * Standard Schema (zod, valibot, ArkType, …): publishing checks the payload and sends it as it was given (the
 * schema's input), and a handler gets what the schema makes of it (its output).
 *
 * @throws ConfigurationError when the template cannot work, with what to write instead.
 */
export function defineEvent<const Template extends string, Input = unknown, Output = Input>(
  template: Template,
  schema?: StandardSchema<Input, Output>,
  options: ContractOptions = {},
): EventContract<Template, Input, Output> {
  const problem = contractProblem(template, schema);
  if (problem !== undefined)
    throw new ConfigurationError([`defineEvent(${quote(String(template))}): ${problem}`]);
  return new EventContract(template, schema, options.sharded ?? false);
}

function contractProblem(template: unknown, schema: unknown): string | undefined {
  if (typeof template !== 'string') return 'the template must be a string, e.g. "orders:<orderId>:created".';
  const shape = templateProblem(template) ?? publishProblem(new ChannelTemplate(template).sample);
  if (shape !== undefined) return shape;
  if (schema === undefined) return undefined;
  const standard = (schema as Partial<StandardSchema> | null)?.['~standard'];
  return typeof standard?.validate === 'function'
    ? undefined
    : 'the schema is not a Standard Schema. Pass one of zod, valibot, ArkType or another that implements it.';
}
