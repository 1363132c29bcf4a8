import { ConfigurationError, quote } from '../errors.js';
import { publishProblem } from '../routing/channel-prefix.js';
import { ChannelTemplate, templateProblem } from '../routing/channel-template.js';
import type { StandardSchema } from './standard.schema.js';

/** Options of {@link defineEvent}. */
export interface ContractOptions {
  /** Its events are published with SPUBLISH and subscribed with SSUBSCRIBE (Redis 7.0). @default false */
  readonly sharded?: boolean | undefined;
}

/**
 * Marks the contracts of every copy of this package. The number is raised when `template`, `schema` and `isSharded` no longer
 * fully describe a contract.
 */
const CONTRACT = Symbol.for('nestjs-redis-event-bus:contract:1');

/** The channel and the payload of an event, shared by its publishers and its handlers. Created by {@link defineEvent}. */
export class EventContract<Template extends string = string, Input = unknown, Output = Input> {
  /** Has no private members, so that contracts of another copy of this package have the same type. @internal */
  readonly channelTemplate: Pick<ChannelTemplate, keyof ChannelTemplate>;

  /** Carries the types of the schema; it has no value at run time. @internal */
  declare readonly types: { readonly input: Input; readonly output: Output };

  /** @internal */
  constructor(
    /** The template as written: `orders:<orderId>:created`. */
    readonly template: Template,
    /** Validates payloads on both sides. Undefined: every payload is accepted. */
    readonly schema: StandardSchema<Input, Output> | undefined,
    /** Whether its events are published with SPUBLISH and subscribed with SSUBSCRIBE. */
    readonly isSharded: boolean,
  ) {
    this.channelTemplate = new ChannelTemplate(template);
  }

  static {
    Object.defineProperty(this.prototype, CONTRACT, { value: true });
  }
}

/** The contract itself, or the equivalent of one from another copy of this package; undefined for anything else. */
export function toContract(value: unknown): EventContract | undefined {
  if (value instanceof EventContract) return value;
  return isForeignContract(value)
    ? new EventContract(value.template, value.schema, value.isSharded)
    : undefined;
}

function isForeignContract(value: unknown): value is EventContract {
  return typeof value === 'object' && value !== null && CONTRACT in value;
}

/** Why an object that looks like a contract is not one; undefined if it does not look like one. */
export function strangeContractProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('template' in value) || !('isSharded' in value)) {
    return undefined;
  }
  return `the contract ${quote(String(value.template))} comes from an incompatible copy of nestjs-redis-event-bus. Install one version (npm ls nestjs-redis-event-bus).`;
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

/** The payload that a handler of the contract gets: the output of its schema. */
export type EventPayload<C extends { readonly types: { readonly output: unknown } }> = C['types']['output'];

/** The payload that a publisher of the contract passes: the input of its schema. */
export type EventInput<C extends { readonly types: { readonly input: unknown } }> = C['types']['input'];

/**
 * Defines an event once, for its publishers and its handlers. `template` is a channel, with parameters for its variable parts:
 * `orders:<orderId>:created`, or with a tail: `files:<path...>`. `schema` is any Standard Schema (zod, valibot, ArkType, …):
 * publishing validates the payload and sends it unchanged (the schema's input), and a handler gets the schema's output.
 *
 * @throws ConfigurationError when the template is invalid, with what to write instead.
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
    : 'the schema is not a Standard Schema. Pass a schema of zod, valibot, ArkType or another library that implements it.';
}
