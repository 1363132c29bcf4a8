import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

type Library = typeof import('nestjs-redis-event-bus');
type TestingKit = typeof import('nestjs-redis-event-bus/testing');
type Microservices = typeof import('nestjs-redis-event-bus/microservices');

/** Another copy of the package, as a package manager may install several: its own files, its own classes. */
export interface PackageCopy {
  readonly library: Library;
  readonly testing: TestingKit;
  readonly microservices: Microservices;
  /** The folder of its built files. */
  readonly folder: string;
  remove(): void;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Beside the packages that a copy shares with everybody, so that they are found. */
const CACHE = join(ROOT, 'node_modules', '.cache');

/** Of what the working tree holds now. */
export async function copyOfThisVersion(): Promise<PackageCopy> {
  const root = emptyFolder();
  const sources = join(ROOT, 'libs/event-bus/src');
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
    const target = join(root, 'dist', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const { code } = transformSync(readFileSync(join(sources, file), 'utf8'), {
      swcrc: false,
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
        keepClassNames: true,
      },
    });
    writeFileSync(target, code);
  }
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  return load(root);
}

/** Of 0.1.0, as it was packed. */
export async function copyOf010(): Promise<PackageCopy> {
  const root = emptyFolder();
  const packed = join(ROOT, 'test/fixtures/nestjs-redis-event-bus-0.1.0.tgz');
  execFileSync('tar', ['-xzf', packed, '-C', root, '--strip-components=1']);
  return load(root);
}

function emptyFolder(): string {
  mkdirSync(CACHE, { recursive: true });
  return mkdtempSync(join(CACHE, 'event-bus-copy-'));
}

async function load(root: string): Promise<PackageCopy> {
  const folder = join(root, 'dist');
  // One after the other: Jest loses modules that two imports load at once.
  const library = (await import(join(folder, 'index.js'))) as Library;
  const testing = (await import(join(folder, 'testing/index.js'))) as TestingKit;
  const microservices = (await import(join(folder, 'microservices/index.js'))) as Microservices;
  return {
    library,
    testing,
    microservices,
    folder,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
