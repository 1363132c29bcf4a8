import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SRC = 'libs/event-bus/src';
const ONLY_INTERNALS = 'Only nest.internals.ts imports inner paths of Nest';
const NO_METRICS = 'Nothing in src imports prometheus/';
const NO_REPORTS = 'Only entry points that show reports import reporting/';
const NO_HEALTH = 'Nothing in src imports terminus/';
const ENTRIES_ONLY = 'Apps import package entries only';

/** File, what it imports, the start of the message that says what to do instead. */
const forbidden: readonly (readonly [string, string, string])[] = [
  [`${SRC}/module/event-bus.module.ts`, 'ioredis', 'Only transports/redis/'],
  [
    `${SRC}/module/event-bus.module.ts`,
    '../testing/recorder.js',
    'Nothing in src imports testing/ or conformance/',
  ],
  [`${SRC}/module/event-bus.module.ts`, '../index.js', 'index.ts is the entry'],
  [`${SRC}/handlers/on-event.decorator.ts`, 'ioredis', 'Only transports/redis/'],
  [
    `${SRC}/handlers/on-event.decorator.ts`,
    '../testing/recorder.js',
    'Nothing in src imports testing/ or conformance/',
  ],
  [`${SRC}/handlers/on-event.decorator.ts`, '../module/event-bus.module.js', 'The Nest ring does not know'],
  [
    `${SRC}/publishing/event-bus.publisher.ts`,
    '../module/event-bus.lifecycle.js',
    'The Nest ring does not know',
  ],
  [
    `${SRC}/subscribing/event-bus.subscriber.ts`,
    '../module/event-bus.module.js',
    'The Nest ring does not know',
  ],
  [
    `${SRC}/introspection/event-bus.status.ts`,
    '../module/event-bus.runtime.js',
    'The Nest ring does not know',
  ],
  [`${SRC}/introspection/event-bus.status.ts`, '../index.js', 'index.ts is the entry'],
  [`${SRC}/introspection/event-bus.status.ts`, 'ioredis/built/utils', 'Only transports/redis/'],
  [`${SRC}/dispatching/event.receiver.ts`, '@nestjs/common', 'dispatching/ imports'],
  [`${SRC}/dispatching/event.receiver.ts`, 'ioredis', 'dispatching/ imports'],
  [`${SRC}/dispatching/event.receiver.ts`, '../transports/event.transport.js', 'dispatching/ imports'],
  [`${SRC}/dispatching/event.receiver.ts`, '../handlers/handler.invoker.js', 'dispatching/ imports'],
  [`${SRC}/dispatching/event.receiver.ts`, '../observing/event-bus.observer.js', 'dispatching/ imports'],
  [`${SRC}/dispatching/event.receiver.ts`, '../testing/recorder.js', 'dispatching/ imports'],
  [`${SRC}/dispatching/event.receiver.ts`, '../keyspace/key-event.reader.js', 'dispatching/ imports'],
  [`${SRC}/keyspace/key-event.reader.ts`, '../module/event-bus.runtime.js', 'The Nest ring does not know'],
  [`${SRC}/observing/bus.reporter.ts`, '../module/event-bus.runtime.js', 'The Nest ring does not know'],
  [`${SRC}/gaps/gap.reporter.ts`, '@nestjs/common', 'gaps/ imports message/, routing/ and errors.js'],
  [`${SRC}/gaps/gap.reporter.ts`, '../dispatching/event.dispatcher.js', 'gaps/ imports message/'],
  [
    `${SRC}/message/json.codec.ts`,
    '@nestjs/common',
    'message/ imports contracts/, option.checks.js, foreign.js and errors.js alone',
  ],
  [
    `${SRC}/message/json.codec.ts`,
    '../routing/redis-glob.js',
    'message/ imports contracts/, option.checks.js, foreign.js and errors.js alone',
  ],
  [
    `${SRC}/message/json.codec.ts`,
    '../dispatching/event.receiver.js',
    'message/ imports contracts/, option.checks.js, foreign.js and errors.js alone',
  ],
  [
    `${SRC}/contracts/event.contract.ts`,
    '../message/event-context.js',
    'contracts/ imports routing/, foreign.js and errors.js',
  ],
  [
    `${SRC}/contracts/event.contract.ts`,
    'zod',
    'contracts/ imports routing/, foreign.js and errors.js alone',
  ],
  [`${SRC}/transports/subscription-table.ts`, '@nestjs/common', 'transports/ imports'],
  [`${SRC}/transports/subscription-table.ts`, 'ioredis', 'transports/ imports'],
  [`${SRC}/transports/subscription-table.ts`, '../message/json.codec.js', 'transports/ imports'],
  [`${SRC}/transports/memory/memory.transport.ts`, 'ioredis', 'A transport imports'],
  [`${SRC}/transports/memory/memory.transport.ts`, '../../message/json.codec.js', 'A transport imports'],
  [
    `${SRC}/transports/memory/memory.transport.ts`,
    '../../module/event-bus.options.js',
    'A transport imports',
  ],
  [`${SRC}/transports/redis/redis.transport.ts`, '@nestjs/common', 'A transport imports'],
  [
    `${SRC}/transports/redis/redis.transport.ts`,
    '../../dispatching/event.receiver.js',
    'A transport imports',
  ],
  [`${SRC}/transports/redis/redis.transport.ts`, '../../testing/faults.js', 'A transport imports'],
  [
    `${SRC}/transports/redis-cluster/cluster.transport.ts`,
    '../../message/json.codec.js',
    'A transport imports',
  ],
  [`${SRC}/routing/redis-glob.ts`, '../errors.js', 'routing/ imports nothing of ours'],
  [`${SRC}/routing/redis-glob.ts`, '@nestjs/common', 'routing/ imports nothing of ours'],
  [`${SRC}/plan/cover.graph.ts`, '../errors.js', 'plan/ imports routing/ alone'],
  [`${SRC}/plan/cover.graph.ts`, '../transports/event.transport.js', 'plan/ imports routing/ alone'],
  [`${SRC}/routing/redis-glob.ts`, '../plan/cover.index.js', 'routing/ imports nothing of ours'],
  [`${SRC}/errors.ts`, './module/event-bus.options.js', 'errors.ts imports nothing'],
  [`${SRC}/errors.ts`, '@nestjs/common', 'errors.ts imports nothing'],
  [`${SRC}/errors/payload.errors.ts`, '../module/event-bus.options.js', 'errors/ imports nothing'],
  [`${SRC}/foreign.ts`, './errors.js', 'foreign.ts and printable.ts import nothing of ours'],
  [`${SRC}/printable.ts`, '@nestjs/common', 'foreign.ts and printable.ts import nothing of ours'],
  [`${SRC}/testing/recorder.ts`, '../handlers/on-event.decorator.js', 'testing/ imports the entry'],
  [`${SRC}/testing/recorder.ts`, '../module/event-bus.module.js', 'testing/ does not assemble'],
  [`${SRC}/testing/recorder.ts`, 'ioredis', 'Only transports/redis/'],
  [
    `${SRC}/module/event-bus.module.ts`,
    '../conformance/describe-transport.js',
    'Nothing in src imports testing/ or conformance/',
  ],
  [`${SRC}/conformance/body.conformance.ts`, '../index.js', 'conformance/ imports'],
  [`${SRC}/conformance/body.conformance.ts`, '../message/json.codec.js', 'conformance/ imports'],
  [
    `${SRC}/conformance/body.conformance.ts`,
    '../transports/redis/redis.transport.js',
    'conformance/ imports',
  ],
  [`${SRC}/conformance/body.conformance.ts`, '@jest/globals', 'conformance/ imports'],
  [`${SRC}/microservices/event-bus.server.ts`, 'ioredis', 'microservices/ imports everything of ours, Nest'],
  [
    `${SRC}/microservices/event-bus.server.ts`,
    '../testing/event.recorder.js',
    'Nothing in src imports testing/ or conformance/',
  ],
  [`${SRC}/microservices/event-bus.server.ts`, '../index.js', 'index.ts is the entry'],
  [`${SRC}/microservices/event-bus.server.ts`, 'lodash', 'microservices/ imports everything of ours, Nest'],
  [
    `${SRC}/module/event-bus.module.ts`,
    '../microservices/packet.js',
    'Nothing in src imports microservices/',
  ],
  [`${SRC}/module/event-bus.module.ts`, '../asyncapi/unique.ids.js', 'Nothing in src imports asyncapi/'],
  [
    `${SRC}/introspection/event-bus.status.ts`,
    '../asyncapi/unique.ids.js',
    'Nothing in src imports asyncapi/',
  ],
  [`${SRC}/microservices/packet.ts`, '../asyncapi/unique.ids.js', 'Nothing in src imports asyncapi/'],
  [`${SRC}/testing/recorder.ts`, '../asyncapi/unique.ids.js', 'Nothing in src imports asyncapi/'],
  [
    `${SRC}/module/event-bus.module.ts`,
    '../opentelemetry/otel.api.js',
    'Nothing in src imports opentelemetry/',
  ],
  [
    `${SRC}/observing/bus.reporter.ts`,
    '../opentelemetry/otel.api.js',
    'Nothing in src imports opentelemetry/',
  ],
  [`${SRC}/observing/bus.reporter.ts`, '@opentelemetry/api', 'Only opentelemetry/ knows'],
  [`${SRC}/asyncapi/unique.ids.ts`, 'ioredis', 'Only transports/redis/'],
  [`${SRC}/asyncapi/unique.ids.ts`, '../microservices/packet.js', 'Nothing in src imports microservices/'],
  [`${SRC}/asyncapi/unique.ids.ts`, '../index.js', 'index.ts is the entry'],
  [`${SRC}/module/event-bus.module.ts`, '../cli/terminal.js', 'Nothing in src imports cli/'],
  [`${SRC}/observing/bus.reporter.ts`, '../cli/terminal.js', 'Nothing in src imports cli/'],
  [`${SRC}/microservices/packet.ts`, '../cli/terminal.js', 'Nothing in src imports cli/'],
  [`${SRC}/testing/recorder.ts`, '../cli/terminal.js', 'Nothing in src imports cli/'],
  [`${SRC}/cli/tail.command.ts`, '@nestjs/common', 'cli/ stands on the transports'],
  [`${SRC}/cli/tail.command.ts`, 'ioredis', 'cli/ stands on the transports'],
  [`${SRC}/cli/tail.command.ts`, '../module/event-bus.runtime.js', 'cli/ stands on the transports'],
  [`${SRC}/cli/tail.command.ts`, '../index.js', 'index.ts is the entry'],
  [`${SRC}/cli/doctor/examination.ts`, '../../module/event-bus.runtime.js', 'cli/ stands on the transports'],
  [`${SRC}/module/event-bus.module.ts`, '@nestjs/microservices', 'Only microservices/ imports'],
  [
    `${SRC}/handlers/on-event.decorator.ts`,
    '../microservices/packet.js',
    'Nothing in src imports microservices/',
  ],
  [
    `${SRC}/handlers/on-event.decorator.ts`,
    '@nestjs/microservices/constants.js',
    'Only microservices/ imports',
  ],
  [`${SRC}/testing/recorder.ts`, '../microservices/packet.js', 'Nothing in src imports microservices/'],
  [`${SRC}/testing/recorder.ts`, '@nestjs/microservices', 'Only microservices/ imports'],
  [`${SRC}/dispatching/event.receiver.ts`, '../microservices/packet.js', 'dispatching/ imports'],
  [`${SRC}/message/json.codec.ts`, '../microservices/packet.js', 'message/ imports'],
  [`${SRC}/transports/redis/redis.transport.ts`, '../../microservices/packet.js', 'A transport imports'],
  [`${SRC}/module/event-bus.module.ts`, '../terminus/watched.bus.js', NO_HEALTH],
  [`${SRC}/introspection/event-bus.status.ts`, '../terminus/a.js', NO_HEALTH],
  [`${SRC}/testing/recorder.ts`, '../terminus/a.js', NO_HEALTH],
  [`${SRC}/microservices/event-bus.server.ts`, '../terminus/a.js', NO_HEALTH],
  [`${SRC}/terminus/watched.bus.ts`, '@nestjs/terminus', 'terminus/ stands on what everybody can use'],
  [`${SRC}/terminus/watched.bus.ts`, '../module/event-bus.runtime.js', 'terminus/ stands on'],
  [`${SRC}/module/event-bus.module.ts`, '@nestjs/core/internal', ONLY_INTERNALS],
  [`${SRC}/handlers/handler.explorer.ts`, '@nestjs/core/injector/injector.js', ONLY_INTERNALS],
  [`${SRC}/testing/recorder.ts`, '@nestjs/common/constants.js', ONLY_INTERNALS],
  [`${SRC}/microservices/event-bus.server.ts`, '@nestjs/core/internal', ONLY_INTERNALS],
  [`${SRC}/microservices/event-bus.server.ts`, '@nestjs/microservices/constants.js', ONLY_INTERNALS],
  [`${SRC}/handlers/nest.internals.ts`, './handler.explorer.js', 'handlers/nest.internals.ts imports Nest'],
  [`${SRC}/microservices/nest.internals.ts`, './packet.js', 'microservices/nest.internals.ts imports Nest'],
  [`${SRC}/module/event-bus.module.ts`, '../prometheus/bus.counts.js', NO_METRICS],
  [`${SRC}/introspection/event-bus.inspector.ts`, '../prometheus/bus.counts.js', NO_METRICS],
  [`${SRC}/observing/bus.reporter.ts`, '../prometheus/bus.counts.js', NO_METRICS],
  [`${SRC}/testing/recorder.ts`, '../prometheus/bus.counts.js', NO_METRICS],
  [`${SRC}/dispatching/event.receiver.ts`, '../prometheus/bus.counts.js', 'dispatching/ imports'],
  [`${SRC}/prometheus/bus.counts.ts`, 'prom-client', 'prometheus/ takes any registry'],
  [`${SRC}/prometheus/bus.counts.ts`, 'ioredis', 'Only transports/redis/'],
  [`${SRC}/module/event-bus.module.ts`, '../reporting/report.js', NO_REPORTS],
  [`${SRC}/introspection/event-bus.inspector.ts`, '../reporting/report.js', NO_REPORTS],
  [`${SRC}/microservices/event-bus.server.ts`, '../reporting/report.js', NO_REPORTS],
  [`${SRC}/testing/recorder.ts`, '../reporting/report.js', NO_REPORTS],
  ['apps/orders/src/main.ts', 'nestjs-redis-event-bus/src/index.js', ENTRIES_ONLY],
  ['apps/orders/src/main.ts', 'nestjs-redis-event-bus/dist/routing/redis-glob.js', ENTRIES_ONLY],
  ['apps/orders/src/main.ts', '@libs/shop-events/dist/order.js', ENTRIES_ONLY],
  ['apps/orders/src/main.ts', '../../../libs/event-bus/src/index.js', 'A relative path does not leave'],
  ['apps/orders/src/a/b.ts', '../../../notifications/src/main.js', 'A relative path does not leave'],
  ['libs/shop-events/src/order.ts', '../../event-bus/src/index.js', 'A relative path does not leave'],
  ['libs/shop-events/src/order.ts', 'nestjs-redis-event-bus/src/index.js', ENTRIES_ONLY],
];

const allowed: readonly (readonly [string, string])[] = [
  [`${SRC}/cli/tail.command.ts`, '../transports/redis/redis.transport.js'],
  [`${SRC}/cli/tail.command.ts`, '../printable.js'],
  [`${SRC}/cli/doctor/examination.ts`, '../../transports/event.transport.js'],
  [`${SRC}/cli/doctor/examination.ts`, '../server.access.js'],
  [`${SRC}/index.ts`, './handlers/on-event.decorator.js'],
  [`${SRC}/module/event-bus.module.ts`, '@nestjs/common'],
  [`${SRC}/module/event-bus.module.ts`, '../transports/redis/redis.transport.js'],
  [`${SRC}/handlers/on-event.decorator.ts`, '@nestjs/common'],
  [`${SRC}/handlers/on-event.decorator.ts`, '../dispatching/event.dispatcher.js'],
  [`${SRC}/publishing/event-bus.publisher.ts`, '../module/event-bus.constants.js'],
  [`${SRC}/publishing/event-bus.publisher.ts`, '../observing/event-bus.observer.js'],
  [`${SRC}/dispatching/event.receiver.ts`, '../message/event.codec.js'],
  [`${SRC}/dispatching/event.receiver.ts`, '../routing/redis-glob.js'],
  [`${SRC}/dispatching/event.receiver.ts`, '../errors.js'],
  [`${SRC}/dispatching/event.receiver.ts`, '../plan/subscription-plan.js'],
  [`${SRC}/plan/cover.graph.ts`, '../routing/subscription-target.js'],
  [`${SRC}/dispatching/event.receiver.ts`, './handler.queue.js'],
  [`${SRC}/errors.ts`, './foreign.js'],
  [`${SRC}/errors.ts`, './errors/payload.errors.js'],
  [`${SRC}/errors/payload.errors.ts`, '../foreign.js'],
  [`${SRC}/errors/payload.errors.ts`, './event-bus.error.js'],
  [`${SRC}/foreign.ts`, './printable.js'],
  [`${SRC}/dispatching/event.receiver.ts`, '../foreign.js'],
  [`${SRC}/dispatching/handler.queue.ts`, '../clock.js'],
  [`${SRC}/dispatching/handler.option-problems.ts`, '../option.checks.js'],
  [`${SRC}/transports/redis/redis.options.ts`, '../../option.checks.js'],
  [`${SRC}/transports/redis/redis.subscriber.ts`, '../../clock.js'],
  [`${SRC}/message/json.codec.ts`, '../errors.js'],
  [`${SRC}/message/json.frames.ts`, '../option.checks.js'],
  [`${SRC}/message/received.event.ts`, '../foreign.js'],
  [`${SRC}/contracts/contract.check.ts`, '../foreign.js'],
  [`${SRC}/message/event-context.ts`, '../contracts/contract.check.js'],
  [`${SRC}/contracts/event.contract.ts`, '../routing/channel-template.js'],
  [`${SRC}/dispatching/event.receiver.ts`, '../contracts/contract.target.js'],
  [`${SRC}/message/json.codec.ts`, 'node:buffer'],
  [`${SRC}/transports/subscription-table.ts`, '../routing/redis-glob.js'],
  [`${SRC}/transports/memory/memory.transport.ts`, '../event.transport.js'],
  [`${SRC}/transports/memory/memory.transport.ts`, './memory.broker.js'],
  [`${SRC}/transports/redis/redis.transport.ts`, 'ioredis'],
  [`${SRC}/transports/redis/redis.transport.ts`, '../../errors.js'],
  [`${SRC}/transports/redis/redis.transport.ts`, '../../routing/redis-glob.js'],
  [`${SRC}/transports/redis/redis.transport.ts`, 'node:timers/promises'],
  [`${SRC}/transports/redis-cluster/cluster.transport.ts`, 'ioredis'],
  [`${SRC}/transports/redis-cluster/cluster.transport.ts`, '../redis/redis.connection.js'],
  [`${SRC}/routing/redis-glob.ts`, './channel-template.js'],
  [`${SRC}/testing/recorder.ts`, '../index.js'],
  [`${SRC}/testing/index.ts`, '../conformance/index.js'],
  [`${SRC}/conformance/body.conformance.ts`, '../transports/event.transport.js'],
  [`${SRC}/conformance/body.conformance.ts`, '../errors.js'],
  [`${SRC}/conformance/body.conformance.ts`, 'node:assert/strict'],
  [`${SRC}/testing/recorder.ts`, '../module/event-bus.constants.js'],
  [`${SRC}/testing/recorder.ts`, '../observing/event-bus.observer.js'],
  [`${SRC}/testing/recorder.ts`, '../transports/event.transport.js'],
  [`${SRC}/transports/memory/memory.transport.spec.ts`, '../../conformance/describe-transport.js'],
  [`${SRC}/prometheus/bus.counts.ts`, '../observing/observer.facts.js'],
  [`${SRC}/prometheus/bus.counts.ts`, './histogram.js'],
  [`${SRC}/reporting/report.ts`, '../introspection/event-bus.inspector.js'],
  [`${SRC}/microservices/event-bus.server.ts`, '@nestjs/microservices'],
  [`${SRC}/microservices/nest.internals.ts`, '@nestjs/microservices/constants.js'],
  [`${SRC}/handlers/nest.internals.ts`, '@nestjs/core/injector/injector.js'],
  [`${SRC}/microservices/event-bus.server.ts`, 'rxjs'],
  [`${SRC}/microservices/event-bus.server.ts`, 'node:crypto'],
  [`${SRC}/microservices/event-bus.server.ts`, './packet.js'],
  [`${SRC}/microservices/event-bus.server.ts`, '../module/event-bus.runtime.js'],
  [`${SRC}/microservices/event-bus.server.ts`, '../transports/event.transport.js'],
  [`${SRC}/asyncapi/document.builder.ts`, '../introspection/bus.description.js'],
  [`${SRC}/asyncapi/document.builder.ts`, './unique.ids.js'],
  [`${SRC}/asyncapi/yaml.text.ts`, 'yaml'],
  [`${SRC}/terminus/watched.bus.ts`, '../index.js'],
  [`${SRC}/terminus/watched.bus.ts`, '../deadline.js'],
  [`${SRC}/terminus/watched.bus.ts`, '@nestjs/core'],
  [`${SRC}/opentelemetry/publish.spans.ts`, '../observing/event-bus.observer.js'],
  [`${SRC}/opentelemetry/otel.api.ts`, '@opentelemetry/api'],
  ['apps/orders/src/main.ts', 'nestjs-redis-event-bus'],
  ['apps/orders/src/main.ts', 'nestjs-redis-event-bus/microservices'],
  ['apps/orders/src/main.ts', '@libs/shop-events'],
  ['apps/orders/src/a/b.ts', '../c/d.js'],
  ['apps/orders/src/orders.spec.ts', 'nestjs-redis-event-bus/testing'],
];

/** Every form in which a module can be named; a rule holds for each of them. */
const forms = (specifier: string): readonly string[] => [
  `import { a } from '${specifier}'; export const b = a;`,
  `import type { C } from '${specifier}'; export type D = C;`,
  `export { e } from '${specifier}';`,
  `export * from '${specifier}';`,
  `export const f = () => import('${specifier}');`,
];

interface Diagnostic {
  readonly code: string;
  readonly help: string;
  readonly filename: string;
}

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'import-rules-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Writes a file into a workspace of its own that has nothing but the repository's lint configuration. */
async function write(workspace: string, file: string, text: string): Promise<void> {
  const directory = join(root, workspace);
  await mkdir(dirname(join(directory, file)), { recursive: true });
  await copyFile('.oxlintrc.json', join(directory, '.oxlintrc.json'));
  await writeFile(join(directory, file), text);
}

async function lint(...args: string[]): Promise<readonly Diagnostic[]> {
  const oxlint = resolve('node_modules/oxlint/bin/oxlint');
  const env = { ...process.env, OXLINT_TSGOLINT_PATH: resolve('node_modules/.bin/tsgolint') };
  const output = await new Promise<string>((done, fail) => {
    execFile(process.execPath, [oxlint, '--format', 'json', ...args], { cwd: root, env }, (error, stdout) => {
      // Exit code 1 says that something was found.
      if (error && error.code !== 1) fail(error);
      else done(stdout);
    });
  });
  return (JSON.parse(output) as { diagnostics: Diagnostic[] }).diagnostics;
}

/** All messages, by the workspace that they are about. */
async function lintImports(table: readonly (readonly [string, string, ...string[]])[]) {
  for (const [index, [file, specifier]] of table.entries()) {
    await write(String(index), file, forms(specifier).join('\n'));
  }
  const diagnostics = await lint();
  return table.map(([file, specifier], index) => ({
    file,
    specifier,
    messages: diagnostics.filter(({ filename }) => filename.startsWith(`${index}/`)).map(({ help }) => help),
  }));
}

describe('import rules', () => {
  it('forbid what crosses the layers, in every form, and say what to do instead', async () => {
    const expected = forbidden.map(([file, specifier, message]) => ({
      file,
      specifier,
      messages: forms(specifier).map(() => expect.stringContaining(message)),
    }));
    expect(await lintImports(forbidden)).toEqual(expected);
  });

  it('allow what follows the layers', async () => {
    const expected = allowed.map(([file, specifier]) => ({ file, specifier, messages: [] }));
    expect(await lintImports(allowed)).toEqual(expected);
  });

  it('forbid cycles', async () => {
    await write('.', `${SRC}/routing/a.ts`, "import { b } from './b.js'; export const a = b;");
    await write('.', `${SRC}/routing/b.ts`, "import { a } from './a.js'; export const b = a;");
    expect((await lint()).map(({ code }) => code)).toEqual(['import(no-cycle)', 'import(no-cycle)']);
  });

  it('leave the import of an injected class alone', async () => {
    // Made a type import, the class would lose the metadata that injection needs.
    const service = `
      import { Injectable } from '@nestjs/common';
      import { Clock } from './clock.js';
      @Injectable() export class Service { constructor(readonly clock: Clock) {} }`;
    await write('.', `${SRC}/handlers/service.ts`, service);
    expect(await lint()).toEqual([]);
  });
});

describe('size rules', () => {
  const linesOf = (lines: number) =>
    Array.from({ length: lines }, (_, index) => `export const line${index} = ${index};\n`).join('');
  const functionOf = (lines: number) => `export function f() {\n${'  f();\n'.repeat(lines - 2)}}\n`;

  it('forbid files of more than 250 lines and functions of more than 40, but not in specs', async () => {
    await write('.', `${SRC}/routing/long.file.ts`, linesOf(251));
    await write('.', `${SRC}/routing/long.function.ts`, functionOf(41));
    await write('.', `${SRC}/routing/fitting.ts`, functionOf(40) + linesOf(210));
    await write('.', `${SRC}/routing/long.spec.ts`, functionOf(400));
    expect((await lint()).map(({ code }) => code).toSorted()).toEqual([
      'eslint(max-lines)',
      'eslint(max-lines-per-function)',
    ]);
  });
});

describe('promise rules', () => {
  it('forbid promises that nobody awaits and values that nobody checks', async () => {
    const text = `
      export async function main(later: Promise<void>, list: any, count: number): Promise<void> {
        later.then(() => list);
        [1].forEach(async () => { await later; });
        await count;
      }`;
    await write('.', 'src/main.ts', text);
    await writeFile(
      join(root, 'tsconfig.json'),
      '{ "compilerOptions": { "strict": true }, "include": ["src"] }',
    );
    const codes = (await lint('--type-aware')).map(({ code }) => code).sort();
    expect(codes).toEqual([
      'typescript(await-thenable)',
      'typescript(no-explicit-any)',
      'typescript(no-floating-promises)',
      'typescript(no-misused-promises)',
    ]);
  });
});
