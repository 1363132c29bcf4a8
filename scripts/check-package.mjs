// Checks the packages as their users get them: packs the library and the console, lints them, and runs ESM and CommonJS applications on them.
// Installs nothing: the peers are those of the workspace.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { packLibrary, root } from './fresh.apps.mjs';

const library = {
  folder: 'libs/event-bus',
  /** A third of it are the sources, to which the source maps lead. What is not imported is not loaded. */
  maxPackedKb: 1_100,
  required: ['dist/index.js', 'src/index.ts', 'LICENSE', 'README.md'],
};
const console_ = {
  folder: 'libs/console',
  /** The page is half of it. */
  maxPackedKb: 120,
  required: [...library.required, 'dist/page.bundle.js', 'THIRD-PARTY-NOTICES.txt'],
};
/** Node takes its time for each: scripts/bundle.mjs joins those of the library. */
const MAX_MODULES = 40;
/** The page has no place in the package but dist/page.bundle.js. */
const UNWANTED = /\.tsbuildinfo$|\.spec\.|\.png$|^page\/|\bpage\.bundle\.(?:ts|.*map)$/;

const esm = { type: 'module', module: 'nodenext' };
const commonJs = { type: 'commonjs', module: 'commonjs' };
const mainApp = { main: 'main', prints: 'handled orders:created 42, testing loaded\n' };
const consoleApp = { main: 'console', prints: 'page 200, script 200\n' };

/** One consumer for each module system and major of Nest; between them they cover both majors of ioredis. */
const consumers = [
  { name: 'ESM with ioredis 6', ...mainApp, ...esm, ioredis: 'ioredis' },
  { name: 'CommonJS with ioredis 5', ...mainApp, ...commonJs, ioredis: 'ioredis5' },
  { name: 'ESM on Nest 11', ...mainApp, ...esm, nest: 11 },
  { name: 'CommonJS on Nest 11', ...mainApp, ...commonJs, nest: 11 },
  { name: 'the console, ESM', ...consoleApp, ...esm },
  { name: 'the console, CommonJS on Nest 11', ...consoleApp, ...commonJs, nest: 11 },
];

/** Further ways to find the package's types, compiled and not run. */
const resolutions = [
  { type: 'module', module: 'node16' },
  { type: 'module', module: 'node20' },
  { type: 'module', module: 'esnext', moduleResolution: 'bundler' },
  { type: 'commonjs', module: 'node20' },
  { type: 'commonjs', module: 'nodenext' },
  { type: 'commonjs', module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
  { type: 'commonjs', module: 'node16', isBeyondNest: true },
];

const commonOptions = {
  target: 'ES2023',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ['node'],
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  rootDir: '.',
  outDir: 'dist',
};

const nest11 = join(root, 'test/nest-11/node_modules');
const work = mkdtempSync(join(tmpdir(), 'check-package-'));
const captured = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
const problems = [];

if (!existsSync(nest11)) execFileSync('npm', ['ci', '--prefix', 'test/nest-11'], { cwd: root });

try {
  const packages = [library, console_].map((one) => ({
    ...one,
    manifest: JSON.parse(readFileSync(join(root, one.folder, 'package.json'), 'utf8')),
    packed: packLibrary(work, one.folder),
  }));
  for (const one of packages) checkPackage(one);
  for (const consumer of consumers) check(consumer.name, () => checkConsumer(consumer, packages));
  for (const resolution of resolutions) {
    const { type, module, moduleResolution = module } = resolution;
    const name = `types of ${type}, ${moduleResolution}`;
    check(name, () => checkTypes(name, resolution, packages));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(problems.join('\n\n'));
  process.exit(1);
}

function checkPackage({ folder, manifest, packed, ...limits }) {
  check(`${folder}: the manifest`, () => {
    expect(manifest.dependencies === undefined, 'the package must have no dependencies, only peers');
  });
  check(`${folder}: the packed files`, () => checkFiles(packed, limits));
  check(`${folder}: publint`, () => run('publint', 'run', packed.path, '--strict'));
  check(`${folder}: attw`, () =>
    run('attw', packed.path, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji'),
  );
}

function checkFiles({ path, bytes, files }, { required, maxPackedKb }) {
  const missing = required.filter((file) => !files.includes(file));
  expect(missing.length === 0, `${missing.join(', ')} not packed: run npm run build first`);
  expect(bytes <= maxPackedKb * 1000, `${bytes} bytes packed; the limit is ${maxPackedKb} kB`);
  const modules = files.filter((file) => file.endsWith('.js'));
  expect(modules.length <= MAX_MODULES, `${modules.length} modules, which npm run build joins: run it first`);
  const unwanted = files.filter((file) => UNWANTED.test(file));
  expect(unwanted.length === 0, `files that do not belong into the package: ${unwanted.join(', ')}`);

  const unpacked = unpack(path, `${path}.unpacked`);
  const sourceless = files
    .filter((file) => file.endsWith('.map'))
    .filter((file) => {
      const { sources } = JSON.parse(readFileSync(join(unpacked, file), 'utf8'));
      return !sources.every((source) => files.includes(join(dirname(file), source)));
    });
  expect(sourceless.length === 0, `source maps whose sources are not packed: ${sourceless.join(', ')}`);
  return `${(bytes / 1000).toFixed(1)} kB, ${files.length} files`;
}

function checkConsumer({ name, type, module, main, prints, ...peers }, packages) {
  const app = prepareApp(name, type, peers, packages);
  compile(app, { module }, [`${main}.ts`, 'entries.ts']);
  const output = execFileSync(process.execPath, [join(app, `dist/${main}.js`)], {
    ...captured,
    timeout: 30_000,
  });
  expect(output === prints, `the application printed ${JSON.stringify(output)}`);
  return 'type-checked and run';
}

/** What compiles with Nest compiles with this package too. */
function checkTypes(name, { type, isBeyondNest = false, ...compilerOptions }, packages) {
  const app = prepareApp(name, type, {}, packages);
  if (!isBeyondNest) {
    compile(app, compilerOptions, ['entries.ts', 'console.ts', 'nest-alone.ts']);
    return 'type-checked';
  }
  let compiles = true;
  try {
    compile(app, compilerOptions, ['nest-alone.ts']);
  } catch {
    compiles = false;
  }
  expect(!compiles, 'Nest compiles by now: take away isBeyondNest');
  return 'not even Nest';
}

function prepareApp(name, type, { ioredis = 'ioredis', nest = 12 }, packages) {
  const app = join(work, name.replaceAll(/\W+/g, '-').toLowerCase());
  for (const { manifest, packed } of packages) unpack(packed.path, join(app, 'node_modules', manifest.name));
  const peers = packages.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies));
  for (const peer of new Set([...peers, '@nestjs/platform-express', '@types/node'])) {
    if (packages.some(({ manifest }) => manifest.name === peer)) continue;
    const link = join(app, 'node_modules', peer);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folderOf(peer === 'ioredis' ? ioredis : peer, nest), link);
  }
  for (const file of ['main.ts', 'console.ts', 'entries.ts', 'nest-alone.ts']) {
    copyFileSync(join(root, 'test/package', file), join(app, file));
  }
  writeFileSync(join(app, 'package.json'), JSON.stringify({ type }));
  return app;
}

/** Nest 11 brings its own copies of what it shares with the application. */
function folderOf(name, nest) {
  const older = join(nest11, name);
  return nest === 11 && existsSync(older) ? older : join(root, 'node_modules', name);
}

function compile(app, options, files) {
  const compilerOptions = { ...commonOptions, ...options };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  run('tsc', '--project', app);
}

function unpack(tarball, directory) {
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', directory, '--strip-components=1']);
  return resolve(directory);
}

function check(name, body) {
  try {
    console.log(`${name}: ${body() ?? 'ok'}`);
  } catch (error) {
    console.log(`${name}: FAILED`);
    const [reason] = error.message.split('\n');
    problems.push([`${name}: ${reason}`, error.stdout, error.stderr].filter(Boolean).join('\n'));
  }
}

function run(tool, ...args) {
  execFileSync(join(root, 'node_modules/.bin', tool), args, { ...captured, cwd: root });
}

function expect(holds, message) {
  if (!holds) throw new Error(message);
}
