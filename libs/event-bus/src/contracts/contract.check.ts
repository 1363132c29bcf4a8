import { PayloadInvalidError, reasonOf } from '../errors.js';
import { isA, isThenable, toPromise } from '../foreign.js';
import type { EventContract } from './event.contract.js';
import type { SchemaResult } from './standard.schema.js';
import { issueLines } from './standard.schema.js';

/**
 * Validates a payload with the contract's schema; returns a promise only if the schema is asynchronous.
 * @throws PayloadInvalidError when it does not fit, also when the schema itself fails.
 */
export function checkPayload(contract: EventContract, payload: unknown): unknown {
  const { schema } = contract;
  if (schema === undefined) return payload;
  let result: SchemaResult<unknown> | PromiseLike<SchemaResult<unknown>>;
  try {
    result = schema['~standard'].validate(payload);
    if (!isThenable(result)) return outputOf(contract, result);
  } catch (error) {
    throw broken(contract, error);
  }
  return toPromise(result)
    .then((settled) => outputOf(contract, settled))
    .catch((error: unknown) => {
      throw broken(contract, error);
    });
}

function outputOf({ template }: EventContract, result: SchemaResult<unknown>): unknown {
  const { issues } = result;
  if (issues !== undefined) throw new PayloadInvalidError(template, issueLines(issues));
  return result.value;
}

function broken({ template }: EventContract, error: unknown): PayloadInvalidError {
  if (isA(error, PayloadInvalidError)) return error;
  return new PayloadInvalidError(template, [`the schema failed: ${reasonOf(error)}`]);
}
