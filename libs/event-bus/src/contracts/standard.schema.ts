import { textOf } from '../foreign.js';

/**
 * The part of the Standard Schema interface (https://standardschema.dev, version 1) that contracts use. zod, valibot, ArkType
 * and others implement it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The name that the specification gives. `validate` may be asynchronous. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The result of a schema: its output, or the problems with the value. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One problem with a value. */
export interface SchemaIssue {
  /** The problem in words. */
  readonly message: string;
  /** The path within the value: `['items', 0, 'quantity']`. Absent for the value as a whole. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** `items.0.quantity: must be a number`, for each issue. Never includes the value. */
export function issueLines(issues: readonly SchemaIssue[]): readonly string[] {
  return issues.map(({ path = [], message }) => {
    const place = path.map((step) => textOf(typeof step === 'object' ? step.key : step)).join('.');
    return place === '' ? textOf(message) : `${place}: ${textOf(message)}`;
  });
}
