import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const WORKFLOWS = readdirSync('.github/workflows');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };

const textOf = (file: string) => readFileSync(join('.github', file), 'utf8');
const workflow = (file: string) => parse(textOf(join('workflows', file))) as Workflow;
const stepsOf = (file: string) => Object.values(workflow(file).jobs).flatMap(({ steps }) => steps);
/** What the steps run, also through an action. */
const commandsOf = (file: string) =>
  stepsOf(file).flatMap((step) => [step.run, ...Object.values(step.with ?? {})].filter(isText));
const isText = (value: unknown) => typeof value === 'string';

/** npm scripts and files that a command names and the repository does not have. */
function missingIn(command: string): readonly string[] {
  const named = [...command.matchAll(/npm (?:run )?([\w:.-]+)/g)].map(([, name]) => name as string);
  const files = [...command.matchAll(/(?:scripts|test|\.ci|\.github)\/[\w./-]+/g)].map(([file]) => file);
  return [
    ...named.filter((name) => !(name in scripts) && name !== 'ci'),
    ...files.filter((file) => !existsSync(file)),
  ];
}

const unpinned = (text: string) =>
  [...text.matchAll(/uses: (.*)/g)]
    .map(([, action]) => action as string)
    .filter((action) => !/^[\w./-]+@[0-9a-f]{40} # v[\d.]+$/.test(action));

describe.each(WORKFLOWS)('the workflow %s', (file) => {
  it('runs what the repository has', () => {
    expect(commandsOf(file).length).toBeGreaterThan(0);
    expect(commandsOf(file).flatMap(missingIn)).toEqual([]);
  });

  it('pins every action to a commit', () => {
    expect(stepsOf(file).some(({ uses }) => uses !== undefined)).toBe(true);
    expect(unpinned(textOf(join('workflows', file)))).toEqual([]);
  });

  it('may only read unless a job says otherwise, and ends', () => {
    expect(workflow(file).permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(workflow(file).jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

describe('the checks of the workflows', () => {
  it('find a script, a file and an action that is not pinned', () => {
    expect(missingIn('npm run nothing && bash scripts/nothing.sh && npm test && npm ci')).toEqual([
      'nothing',
      'scripts/nothing.sh',
    ]);
    expect(unpinned('- uses: actions/checkout@v4\n')).toEqual(['actions/checkout@v4']);
  });
});

describe('the matrix of CI', () => {
  const { everything, node, server } = workflow('ci.yml').jobs;

  it('has every version of Node, Nest, ioredis and the servers', () => {
    expect(node?.strategy?.matrix).toEqual({ node: [20, 22, 24], nest: [11, 12] });
    expect(server?.strategy?.matrix['ioredis']).toEqual([5, 6]);
    const images = server?.strategy?.matrix['server'] as readonly string[];
    const expected = ['redis:6.2', 'redis:7.2', 'redis:7.4', 'redis:8', 'valkey/valkey:8', 'valkey/valkey:9'];
    expect(images.map((image) => image.split('-')[0])).toEqual(expected);
    expect(JSON.stringify(workflow('ci.yml').jobs['oldest'])).toContain('redis:6.2');
  });

  it('runs .ci/run as it is', () => {
    expect(everything?.steps.map(({ run }) => run)).toContain('bash .ci/run');
  });
});

const ISSUE_FORM = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'description', 'body'],
  properties: {
    name: { type: 'string' },
    description: { type: 'string' },
    labels: { type: 'array', items: { type: 'string' } },
    body: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['type', 'attributes'],
        properties: {
          type: { enum: ['markdown', 'textarea', 'input'] },
          id: { type: 'string', pattern: '^[a-z-]+$' },
          attributes: {
            type: 'object',
            additionalProperties: false,
            properties: Object.fromEntries(
              ['label', 'description', 'placeholder', 'render', 'value'].map((name) => [
                name,
                { type: 'string' },
              ]),
            ),
          },
          validations: {
            type: 'object',
            additionalProperties: false,
            properties: { required: { type: 'boolean' } },
          },
        },
      },
    },
  },
};

describe('the issue forms', () => {
  const validate = new Ajv2019({ allErrors: true }).compile(ISSUE_FORM);
  const form = (name: string) =>
    parse(textOf(`ISSUE_TEMPLATE/${name}.yml`)) as { body: { id?: string; validations?: object }[] };

  it.each(['bug', 'feature'])('%s.yml is valid, and asks for a snapshot', (name) => {
    validate(form(name));
    expect(validate.errors ?? []).toEqual([]);
    const ids = form(name).body.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('snapshot');
  });

  it('lets no bug be reported without one', () => {
    const snapshot = form('bug').body.find(({ id }) => id === 'snapshot');
    expect(snapshot?.validations).toEqual({ required: true });
  });

  it('would not be valid with a misspelt key', () => {
    expect(validate({ ...form('bug'), lables: [] })).toBe(false);
  });
});

describe('Dependabot', () => {
  it('is told of folders that have something to update', () => {
    interface Update {
      'package-ecosystem': string;
      directory?: string;
      directories?: string[];
    }
    const { updates } = parse(textOf('dependabot.yml')) as { updates: Update[] };
    const manifests: Record<string, string> = {
      npm: 'package-lock.json',
      docker: 'Dockerfile',
      'github-actions': '.github/workflows',
    };
    const missing = updates.flatMap(({ 'package-ecosystem': kind, directory, directories = [] }) =>
      [...directories, ...(directory === undefined ? [] : [directory])]
        .map((folder) => join('.', folder, manifests[kind] as string))
        .filter((file) => !existsSync(file)),
    );
    expect(missing).toEqual([]);
    expect(updates).toHaveLength(3);
  });
});
