// npm run quickstart: follows the README as a new user does, in new applications of Nest 11 and Nest 12, each as CommonJS and as ES
// module. The code, the commands and what they print are taken from README.md. Three things differ: the packed library is
// installed instead of the one in the registry, ports are free ones, and `npm start` is what it runs: tsc, then node dist/main.js.
// `-- nest-11` follows it on that version alone; --keep leaves the applications on the disk.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free.port.mjs';
import { askRegistry, packLibrary } from './fresh.apps.mjs';
import { execute, Service } from './quickstart.service.mjs';
import { startRedis } from './redis.finder.mjs';
import { blocksOf, snippetsOf } from './readme.snippets.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const snippets = snippetsOf('README.md');
const [installCommand] = blocksOf('README.md', 'sh');
const [readyLine, handledLines] = blocksOf('README.md', '');
const [dialogue] = blocksOf('README.md', 'console');
const jestSetting = `{${/`("transformIgnorePatterns": .*?)`/.exec(readme)?.[1]}}`;

/** As `nest new` of each version configures the runner of its tests; the others get none from it, or one that cannot load Nest. */
const RUNNERS = {
  'nest-11 commonjs': { bin: 'jest', args: [] },
  'nest-12 module': { bin: 'vitest', args: ['run', '--globals'] },
};
const JEST = {
  moduleFileExtensions: ['js', 'json', 'ts'],
  rootDir: 'src',
  testRegex: '.*\\.spec\\.ts$',
  transform: { '^.+\\.(t|j)s$': 'ts-jest' },
  testEnvironment: 'node',
};
const SERVICES = ['orders', 'notifications', 'configured'];
const STEPS = ['install', 'compile', 'start', 'publish', 'stop', 'failed start', 'configure', 'test'];

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const versions = wanted.length > 0 ? wanted : ['nest-11', 'nest-12'];
const work = mkdtempSync(join(tmpdir(), 'quickstart-'));
const results = [];
const problems = [];
let redis;
let redisPort;

try {
  redis = await startRedis(process.env);
  if (redis === undefined) throw new Error('redis-server does not start: npm run redis');
  redisPort = new URL(redis.url).port;
  const tarball = pack();
  askRegistry();
  await Promise.all(versions.map((nest) => follow(nest, tarball)));
} finally {
  await redis?.stop();
  if (process.argv.includes('--keep')) console.log(`The applications are in ${work}`);
  else rmSync(work, { recursive: true, force: true });
}
report();

function pack() {
  const { path, files } = packLibrary(work);
  if (!files.includes('dist/index.js')) throw new Error('Run npm run build first.');
  return path;
}

/** One version of Nest: installs it once for both module systems. */
async function follow(nest, tarball) {
  const home = join(work, nest);
  cpSync(join(root, 'test/quickstart', nest), home, { recursive: true });
  let failure;
  try {
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    await execute('npm', ['ci', ...quiet], { cwd: home });
    const [npm, ...args] = installCommand.replace('nestjs-redis-event-bus', tarball).split(' ');
    await execute(npm, [...args, ...quiet], { cwd: home });
  } catch (error) {
    failure = error;
  }
  for (const type of ['commonjs', 'module']) await followWith({ nest, home, type, failure });
}

async function followWith({ nest, home, type, failure }) {
  const name = `${nest} ${type}`;
  const app = { home, folder: join(home, type), type, runner: RUNNERS[name], started: [] };
  const steps = {
    install: () => throwIf(failure),
    compile,
    start,
    publish,
    stop,
    configure,
    test,
    'failed start': failedStart,
  };
  const result = { name };
  results.push(result);
  try {
    for (const step of STEPS) {
      result[step] = 'failed';
      result[step] = (await steps[step](app)) ?? 'ok';
    }
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
  } finally {
    for (const service of app.started) await service.stop().catch(() => undefined);
  }
}

function throwIf(failure) {
  if (failure) throw failure;
}

async function compile({ home, folder, type }) {
  for (const service of SERVICES) {
    const directory = join(folder, service);
    mkdirSync(join(directory, 'src'), { recursive: true });
    for (const file of ['tsconfig.json', 'tsconfig.build.json'])
      cpSync(join(home, file), join(directory, file));
    const manifest = { type, jest: { ...JEST, ...JSON.parse(jestSetting) } };
    writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
    for (const { path, code } of filesOf(service))
      writeFileSync(join(directory, path), asWritten(code, type));
  }
  const tsc = join(home, 'node_modules/.bin/tsc');
  await Promise.all(
    SERVICES.map((service) => execute(tsc, ['-p', 'tsconfig.build.json'], { cwd: join(folder, service) })),
  );
}

/** The files of a service; `configured` is orders with the module of "Configure". */
function filesOf(service) {
  const folder = service === 'configured' ? 'orders' : service;
  const own = snippets
    .filter(({ path }) => path.startsWith(`${folder}/`))
    .map(({ path, code }) => ({ path: path.slice(folder.length + 1), code }));
  const shared = snippets.filter(({ path }) => path.startsWith('src/'));
  const files = [...own, ...shared];
  if (service !== 'configured') return files;
  return files.map(({ path, code }) => ({
    path,
    code: path.endsWith('app.module.ts') ? withEventsModule(code) : code,
  }));
}

function withEventsModule(code) {
  const changed = code.replace(/EventBusModule\.forRoot\(\{.*\}\)(?=\])/, 'EventsModule');
  return `import { EventsModule } from './events.module.js';\n${changed}`;
}

/** With a free port, and without `.js` where the README says so. */
function asWritten(code, type) {
  const text = ported(code);
  return type === 'commonjs' ? text.replaceAll(/(from '\.[^']*)\.js'/g, "$1'") : text;
}

function ported(text) {
  return text.replaceAll('localhost:6379', `localhost:${redisPort}`);
}

function serviceOf(app, name, environment) {
  const service = new Service(join(app.folder, name, 'dist/main.js'), environment);
  app.started.push(service);
  return service;
}

async function start(app) {
  app.ordersPort = await freePort();
  app.notifications = serviceOf(app, 'notifications', { PORT: String(await freePort()) });
  app.orders = serviceOf(app, 'orders', { PORT: String(app.ordersPort) });
  await app.notifications.prints(ported(readyLine));
  await app.orders.prints('Nest application successfully started');
}

/** The commands of the README print what it says, and so does the handler. */
async function publish(app) {
  for (const step of dialogue.split(/^\$ /m).filter(Boolean)) {
    const [command, ...expected] = step.trimEnd().split('\n');
    const here = command
      .replace('localhost:3000', `localhost:${app.ordersPort}`)
      .replace(/^redis-cli/, `redis-cli --no-raw -p ${redisPort}`);
    const output = await execute('sh', ['-c', here]);
    if (output.trimEnd() !== expected.join('\n'))
      throw new Error(
        `The README says that "${command}" prints "${expected.join('\n')}". It printed "${output}".`,
      );
  }
  for (const line of handledLines.split('\n')) await app.notifications.prints(line);
}

async function stop(app) {
  await app.notifications.stop();
}

/** On the port of the service that runs. */
async function failedStart(app) {
  const code = await serviceOf(app, 'orders', { PORT: String(app.ordersPort) }).exitCode();
  if (code !== 1) throw new Error(`A service whose port is taken ended with ${code}.`);
}

async function configure(app) {
  const environment = { PORT: String(await freePort()), REDIS_URL: `redis://localhost:${redisPort}` };
  const service = serviceOf(app, 'configured', environment);
  await service.prints(`address=localhost:${redisPort}`);
  await service.stop();
}

async function test({ home, folder, runner }) {
  if (runner === undefined) return '–';
  const bin = join(home, 'node_modules/.bin', runner.bin);
  await execute(bin, runner.args, { cwd: join(folder, 'notifications') });
  return runner.bin;
}

function report() {
  results.sort((one, other) => one.name.localeCompare(other.name));
  const rows = [
    ['', ...STEPS],
    ...results.map((result) => [result.name, ...STEPS.map((step) => result[step] ?? '–')]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  '));
  for (const problem of problems) console.error(`\n${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
