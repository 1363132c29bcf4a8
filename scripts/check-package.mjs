// Checks the library as its users get it: packs it, lints the package, and runs an ESM and a CommonJS application on it.
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

/** A third of it are the sources, to which the source maps lead. What is not imported is not loaded. */
const MAX_PACKED_KB = 1_100;
/** Node takes its time for each: scripts/bundle.mjs joins the modules. */
const MAX_MODULES = 40;
const EXPECTED_OUTPUT = 'handled orders:created 42, testing loaded\n';

/** One consumer for each module system and major of Nest; between them they cover both majors of ioredis. */
const consumers = [
  { name: 'ESM with ioredis 6', type: 'module', module: 'nodenext', ioredis: 'ioredis' },
  { name: 'CommonJS with ioredis 5', type: 'commonjs', module: 'commonjs', ioredis: 'ioredis5' },
  { name: 'ESM on Nest 11', type: 'module', module: 'nodenext', nest: 11 },
  { name: 'CommonJS on Nest 11', type: 'commonjs', module: 'commonjs', nest: 11 },
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

const library = join(root, 'libs/event-bus');
const nest11 = join(root, 'test/nest-11/node_modules');
const manifest = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'check-package-'));
const captured = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
const problems = [];

if (!existsSync(nest11)) execFileSync('npm', ['ci', '--prefix', 'test/nest-11'], { cwd: root });

try {
  const packed = packLibrary(work);
  check('the manifest', () => checkManifest());
  check('the packed files', () => checkFiles(packed));
  check('publint', () => run('publint', 'run', packed.path, '--strict'));
  check('attw', () =>
    run('attw', packed.path, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji'),
  );
  for (const consumer of consumers) check(consumer.name, () => checkConsumer(consumer, packed.path));
  for (const resolution of resolutions) {
    const { type, module, moduleResolution = module } = resolution;
    const name = `types of ${type}, ${moduleResolution}`;
    check(name, () => checkTypes(name, resolution, packed.path));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(problems.join('\n\n'));
  process.exit(1);
}

function checkManifest() {
  expect(manifest.dependencies === undefined, 'the library must have no dependencies, only peers');
}

function checkFiles({ path, bytes, files }) {
  expect(files.includes('dist/index.js'), 'dist/index.js is missing: run npm run build first');
  expect(bytes <= MAX_PACKED_KB * 1000, `${bytes} bytes packed; the limit is ${MAX_PACKED_KB} kB`);
  const modules = files.filter((file) => file.endsWith('.js'));
  expect(modules.length <= MAX_MODULES, `${modules.length} modules, which npm run build joins: run it first`);
  const unwanted = files.filter((file) => /\.tsbuildinfo$|\.spec\.|\.png$/.test(file));
  expect(unwanted.length === 0, `files that do not belong into the package: ${unwanted.join(', ')}`);

  const unpacked = unpack(path, join(work, 'unpacked'));
  const sourceless = files
    .filter((file) => file.endsWith('.map'))
    .filter((file) => {
      const { sources } = JSON.parse(readFileSync(join(unpacked, file), 'utf8'));
      return !sources.every((source) => files.includes(join(dirname(file), source)));
    });
  expect(sourceless.length === 0, `source maps whose sources are not packed: ${sourceless.join(', ')}`);
  return `${(bytes / 1000).toFixed(1)} kB, ${files.length} files`;
}

function checkConsumer({ name, type, module, ...peers }, tarball) {
  const app = prepareApp(name, type, peers, tarball);
  compile(app, { module }, ['main.ts', 'entries.ts']);
  const output = execFileSync(process.execPath, [join(app, 'dist/main.js')], {
    ...captured,
    timeout: 30_000,
  });
  expect(output === EXPECTED_OUTPUT, `the application printed ${JSON.stringify(output)}`);
  return 'type-checked and run';
}

/** What compiles with Nest compiles with this package too. */
function checkTypes(name, { type, isBeyondNest = false, ...compilerOptions }, tarball) {
  const app = prepareApp(name, type, {}, tarball);
  if (!isBeyondNest) {
    compile(app, compilerOptions, ['entries.ts', 'nest-alone.ts']);
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

function prepareApp(name, type, { ioredis = 'ioredis', nest = 12 }, tarball) {
  const app = join(work, name.replaceAll(/\W+/g, '-').toLowerCase());
  unpack(tarball, join(app, 'node_modules', manifest.name));
  for (const peer of [...Object.keys(manifest.peerDependencies), '@types/node']) {
    const link = join(app, 'node_modules', peer);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folderOf(peer === 'ioredis' ? ioredis : peer, nest), link);
  }
  for (const file of ['main.ts', 'entries.ts', 'nest-alone.ts']) {
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
