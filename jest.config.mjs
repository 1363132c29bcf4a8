import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';

/** Of Redis, or of Valkey, which began with 7. Without a server the tests that need one say so. */
function majorOfServer() {
  try {
    return Number(
      / v=(\d+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? 7,
    );
  } catch {
    return 7;
  }
}
const redisMajor = majorOfServer();

const swc = {
  swcrc: false,
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    keepClassNames: true,
  },
};

/** @type {import('jest').Config} */
const shared = {
  testEnvironment: '<rootDir>/test/support/leak.environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
};

const sources = {
  '^nestjs-redis-event-bus$': '<rootDir>/libs/event-bus/src/index.ts',
  '^nestjs-redis-event-bus/([^/.]+)$': '<rootDir>/libs/event-bus/src/$1/index.ts',
  '^nestjs-redis-event-bus-console$': '<rootDir>/libs/console/src/index.ts',
  '^@libs/shop-events$': '<rootDir>/libs/shop-events/src/index.ts',
  '^(\\.{1,2}/.*)\\.js$': '$1',
};

const project = (displayName, testMatch, { ioredis = 6, nest = 12 } = {}) => ({
  ...shared,
  displayName,
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
  moduleNameMapper:
    ioredis === 5 ? { '^ioredis$': 'ioredis5', '^ioredis/(.*)$': 'ioredis5/$1', ...sources } : sources,
  globals: { IOREDIS_MAJOR: ioredis, NEST_MAJOR: nest, REDIS_MAJOR: redisMajor },
  ...(nest === 11 ? { resolver: '<rootDir>/test/nest-11/nest-11.resolver.cjs' } : {}),
});

/** What the unit specs do not see of Nest: its pipeline, its hooks, its decorators. */
const nest11Specs = [
  '{pipeline,microservices}/**/*',
  '{lifecycle,conformance,contracts}.redis',
  'conformance.memory',
  '{observers,lazy-modules}',
  'terminus*',
  'metrics',
  'asyncapi/{document,microservices,serving}',
  'console/**/*',
  'reporting.{redis,memory}',
];

/** Files of types and re-exports alone have no code to run; V8 would count each of their lines as missed. */
function filesWithNothingToRun() {
  return ['libs/event-bus/src', 'libs/shop-events/src', 'apps/orders/src', 'apps/notifications/src']
    .flatMap((folder) =>
      readdirSync(join(import.meta.dirname, folder), { recursive: true }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .filter((file) => {
      const { code } = transformFileSync(join(import.meta.dirname, file), { ...swc, minify: true });
      return /^(export(\{[^}]*\}|\*)(from"[^"]*")?;)*$/.test(code);
    });
}
const uncounted = process.argv.includes('--coverage') ? filesWithNothingToRun() : [];

/** @type {import('jest').Config} */
export default {
  // Most files wait for servers more than they compute. In fewer than two workers Jest runs all files in its own process, without
  // end of memory.
  maxWorkers: availableParallelism() + 1,
  // V8 keeps the modules of every file that ran in a worker; one that has grown to this begins anew before its next file.
  workerIdleMemoryLimit: '256MB',
  reporters: ['default', '<rootDir>/test/support/report.reporter.mjs'],
  globalTeardown: '<rootDir>/test/support/end.teardown.mjs',
  // In a project's own config it would have no effect.
  testTimeout: 30_000,
  coverageProvider: 'v8',
  coverageReporters: ['text', 'lcov'],
  collectCoverageFrom: [
    '{libs,apps}/*/src/**/*.ts',
    ...['**/*.spec.ts', 'apps/*/src/main.ts', ...uncounted].map((glob) => `!${glob}`),
  ],
  coverageThreshold: {
    './libs/event-bus/src/': { lines: 95, branches: 90 },
  },
  projects: [
    project('unit', ['{libs,apps}/*/{src,page}/**/*.spec.ts', 'examples/**/*.spec.ts']),
    project('integration', ['test/{integration,migration}/**/*.spec.ts']),
    {
      ...project('fake-time', ['test/integration/fake-time.redis.spec.ts']),
      fakeTimers: { enableGlobally: true },
    },
    project('integration-ioredis5', ['test/integration/**/*.redis.spec.ts'], { ioredis: 5 }),
    project(
      'nest-11',
      [...nest11Specs.map((glob) => `test/integration/${glob}.spec.ts`), 'libs/event-bus/src/**/*.spec.ts'],
      { nest: 11 },
    ),
    project('faults', ['test/faults/**/*.spec.ts']),
    project('faults-ioredis5', ['test/faults/**/*.redis.spec.ts'], { ioredis: 5 }),
    project('soak', ['test/soak/**/*.spec.ts']),
    project('e2e', ['test/e2e/**/*.spec.ts']),
    project('bench', ['test/bench/!(smoke).spec.ts']),
    project('bench-smoke', ['test/bench/smoke.spec.ts']),
    project('repo', ['test/repo/**/*.spec.ts']),
  ],
};
