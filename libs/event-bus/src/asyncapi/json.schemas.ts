import { ignoreRejection, isThenable, propertyOf, reasonOf } from '../foreign.js';
import type { ContractDescription } from '../introspection/bus.description.js';
import { isObject } from '../option.checks.js';
import type { AsyncApiDocumentOptions } from './asyncapi.options.js';

/** A JSON Schema, or why there is none. */
export type ConvertedSchema = { readonly schema: object } | { readonly reason: string };

/**
 * The JSON Schema of what a publisher of the contract passes, draft 7, as plain JSON. Its references lead to `pointer`, where
 * it is to stand in the document. Never throws: schemas and converters are code of others.
 */
export function jsonSchemaOf(
  contract: ContractDescription,
  pointer: string,
  convert: AsyncApiDocumentOptions['jsonSchema'],
): ConvertedSchema {
  try {
    const converted = convert?.(contract) ?? standardSchema(contract);
    ignoreRejection(converted);
    if (isThenable(converted)) return { reason: 'the converter is asynchronous' };
    if (!isObject(converted) || Array.isArray(converted))
      return { reason: 'the converter returned no object' };
    return movedTo(pointer, converted);
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** @throws what the schema throws, and for a library without Standard JSON Schema */
function standardSchema({ schema }: ContractDescription): unknown {
  const standard = propertyOf(schema, '~standard');
  const converter = propertyOf(standard, 'jsonSchema') as
    { input?(options: { target: string }): unknown } | undefined;
  if (typeof converter?.input !== 'function') {
    const vendor = String(propertyOf(standard, 'vendor'));
    throw new Error(`schemas of ${vendor} do not convert themselves; set the option jsonSchema`);
  }
  return converter.input({ target: 'draft-07' });
}

/** A schema stands below the root of the document, so `#/definitions/item` would lead nowhere. */
function movedTo(pointer: string, converted: object): ConvertedSchema {
  const plain: unknown = JSON.parse(JSON.stringify(converted) ?? 'null');
  // Its own toJSON() makes it anything.
  if (!isObject(plain) || Array.isArray(plain)) return { reason: 'the schema is no object as JSON' };
  const { $schema: _dialect, $id: _address, ...own } = plain;
  let lost: string | undefined;
  const moved = JSON.parse(JSON.stringify(own), (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value;
    if (!leadsSomewhere(value, own)) lost ??= value;
    return value.replace('#', pointer);
  }) as object;
  return lost === undefined ? { schema: moved } : { reason: `its reference ${lost} leads out of the schema` };
}

function leadsSomewhere(reference: string, root: unknown): boolean {
  if (!/^#(?:\/|$)/.test(reference)) return false;
  const steps = decodeURIComponent(reference).split('/').slice(1);
  let place = root;
  for (const step of steps) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(place) || !Object.hasOwn(place, name)) return false;
    place = place[name];
  }
  return true;
}
