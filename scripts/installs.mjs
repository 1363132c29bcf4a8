// Installs the packed library into fresh applications of Nest 12, with each package manager, compiler and test runner: npm run installs
// `-- yarn Vitest` tries those alone. Needs a registry: the tools come from npm, into a temporary folder. `npm run quickstart` tries what `nest new` makes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  askRegistry,
  inTemporaryFolder,
  packLibrary,
  printHead,
  printRow,
  root,
  run,
  writeFiles,
} from './fresh.apps.mjs';

const EXPECTED_OUTPUT = 'handled orders:created 42, testing loaded';
const { devDependencies: ofTheWorkspace } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** The newest, but for what the workspace has, and what needs a newer Node than 20. */
const VERSIONS = { ...ofTheWorkspace, vitest: '^3', 'unplugin-swc': '^1' };

const MAIN = { 'src/main.ts': sourceOf('package/main.ts') };
const TEST = { 'src/orders.spec.ts': sourceOf('installs/orders.test.ts') };

const compilerOptions = {
  target: 'ES2023',
  strict: true,
  skipLibCheck: true,
  types: ['node'],
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  rootDir: 'src',
  outDir: 'dist',
};
const tsconfig = (options) => ({
  'tsconfig.json': { compilerOptions: { ...compilerOptions, ...options }, include: ['src'] },
});
const swcOptions = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
};

const tsc = {
  packages: ['typescript', '@types/node'],
  files: { ...MAIN, ...tsconfig({ module: 'nodenext' }) },
  steps: ['tsc', 'node dist/main.js'],
};
const COMPILERS = {
  tsc,
  SWC: {
    packages: ['@swc/cli', '@swc/core'],
    files: (type) => ({
      ...MAIN,
      '.swcrc': { ...swcOptions, module: { type: type === 'module' ? 'es6' : 'commonjs' } },
    }),
    steps: ['swc src --out-dir dist --strip-leading-paths', 'node dist/main.js'],
  },
  // As nest build --webpack does it: what is installed stays outside of the bundle.
  webpack: {
    packages: ['webpack', 'webpack-cli', 'ts-loader', 'typescript', '@types/node'],
    files: (type) => ({
      ...MAIN,
      ...tsconfig({ module: 'esnext', moduleResolution: 'bundler' }),
      'webpack.config.cjs': webpackConfig(type),
    }),
    steps: ['webpack --config webpack.config.cjs', 'node dist/main.js'],
  },
};
const RUNNERS = {
  Vitest: {
    packages: ['vitest', 'unplugin-swc', '@swc/core', '@nestjs/testing'],
    files: {
      ...TEST,
      'vitest.config.mjs': `import swc from 'unplugin-swc';
export default { test: { globals: true }, plugins: [swc.vite({ swcrc: false, tsconfigFile: false, ...${JSON.stringify(swcOptions)} })] };
`,
    },
    steps: ['vitest run'],
  },
  // Jest on CommonJS has to be told to transform the ES modules that are installed.
  Jest: {
    packages: ['jest', '@swc/jest', '@swc/core', '@nestjs/testing'],
    files: (type) => ({ ...TEST, 'jest.config.cjs': jestConfig(type) }),
    steps: (type) => [
      type === 'module' ? 'node --experimental-vm-modules node_modules/jest/bin/jest.js' : 'jest',
    ],
  },
};
const MANAGERS = {
  npm: { install: ['npm', 'install', '--no-audit', '--no-fund'] },
  pnpm: { tool: 'pnpm', install: ['pnpm', 'install', '--config.strict-dep-builds=false'] },
  'yarn 1': { tool: 'yarn@1', install: ['yarn', 'install', '--no-progress', '--ignore-engines'] },
  'yarn 4': {
    tool: '@yarnpkg/cli-dist@4',
    install: ['yarn', 'install'],
    files: { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\nenableTelemetry: false\n' },
  },
};

const cases = [
  ...Object.keys(MANAGERS).map((manager) => ({ manager, name: 'tsc', kind: tsc })),
  ...Object.entries({ ...COMPILERS, ...RUNNERS })
    .filter(([name]) => name !== 'tsc')
    .map(([name, kind]) => ({ manager: 'npm', name, kind })),
];
const wanted = process.argv.slice(2);
const problems = [];
await inTemporaryFolder('installs-', async (folder) => {
  askRegistry();
  const { path: tarball } = packLibrary(folder);
  printHead(['with', 'ESM', 'CommonJS']);
  for (const one of cases) {
    const label = `${one.manager}, ${one.name}`;
    if (wanted.length > 0 && !wanted.some((word) => label.includes(word))) continue;
    printRow([
      label,
      ...['module', 'commonjs'].map((type) => outcomeOf(folder, { ...one, label, type }, tarball)),
    ]);
  }
});
if (problems.length > 0) {
  console.error(problems.join('\n\n'));
  process.exitCode = 1;
}

function outcomeOf(folder, { manager, kind, label, type }, tarball) {
  const app = join(folder, `${label}-${type}`.replaceAll(/\W+/g, '-'));
  try {
    install(app, manager, kind, type, tarball);
    const steps = of(kind.steps, type);
    const outputs = steps.map((step) => run('sh', ['-c', step], { cwd: app, env: environment(app) }));
    const isRun = steps.at(-1).startsWith('node dist/');
    if (isRun && outputs.at(-1).trim() !== EXPECTED_OUTPUT) throw new Error(`it printed ${outputs.at(-1)}`);
    return 'yes';
  } catch (error) {
    problems.push(`${label}, ${type}: ${error.message}`);
    return 'FAILED';
  }
}

function install(app, manager, kind, type, tarball) {
  const { tool, install: command, files } = MANAGERS[manager];
  const [name, ...args] = command;
  const devDependencies = Object.fromEntries(kind.packages.map((one) => [one, VERSIONS[one] ?? 'latest']));
  const dependencies = {
    '@nestjs/common': '^12',
    '@nestjs/core': '^12',
    ioredis: '^6',
    'nestjs-redis-event-bus': `file:${tarball}`,
    'reflect-metadata': '^0.2',
    rxjs: '^7',
  };
  writeFiles(app, {
    'package.json': { name: 'fresh', version: '1.0.0', private: true, type, dependencies, devDependencies },
    ...files,
    ...of(kind.files, type),
  });
  if (tool !== undefined)
    run('npm', ['install', '--no-audit', '--no-fund', '--prefix', toolsOf(app), tool], { cwd: app });
  run(name, args, { cwd: app, env: environment(app) });
}

/** The package manager has a folder of its own, beside that of the application. */
function toolsOf(app) {
  return `${app}-tools`;
}

function environment(app) {
  const folders = [join(app, 'node_modules/.bin'), join(toolsOf(app), 'node_modules/.bin'), process.env.PATH];
  return { ...process.env, PATH: folders.join(':'), CI: 'true', YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' };
}

/** A part of a case, which may depend on the module system. */
function of(part, type) {
  return typeof part === 'function' ? part(type) : part;
}

function sourceOf(file) {
  return readFileSync(join(root, 'test', file), 'utf8');
}

function webpackConfig(type) {
  const external = type === 'module' ? 'module' : 'commonjs';
  const config = {
    mode: 'none',
    target: 'node',
    entry: './src/main.ts',
    output: { filename: 'main.js', ...(type === 'module' ? { module: true, chunkFormat: 'module' } : {}) },
    experiments: type === 'module' ? { outputModule: true } : {},
    externalsType: external,
    resolve: { extensions: ['.ts', '.js'] },
  };
  return `module.exports = { ...${JSON.stringify(config)},
  externals: [/^[^./]/],
  module: { rules: [{ test: /\\.ts$/, use: 'ts-loader' }] },
};
`;
}

function jestConfig(type) {
  const isModule = type === 'module';
  const swc = JSON.stringify({ ...swcOptions, module: { type: isModule ? 'es6' : 'commonjs' } });
  return `module.exports = {
  testEnvironment: 'node',
  transform: { '^.+\\\\.${isModule ? 'ts' : '[jt]s'}$': ['@swc/jest', ${swc}] },
  ${isModule ? "extensionsToTreatAsEsm: ['.ts']," : "transformIgnorePatterns: ['node_modules/(?!(@nestjs|nestjs-redis-event-bus)/)'],"}
};
`;
}
