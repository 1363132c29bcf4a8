import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { terminusProblem } from '../../libs/event-bus/src/terminus/terminus.peer.js';
import { isNest11 } from '../support/nest.major.js';
import type { PackageCopy } from '../support/package.copies.js';
import { copyOfThisVersion } from '../support/package.copies.js';

const ROOT = join(import.meta.dirname, '../..');
const PEERS = ['@nestjs/common', '@nestjs/core', 'ioredis', 'reflect-metadata', 'rxjs'];
const run = promisify(execFile);

let copy: PackageCopy;
let app: string;
beforeAll(async () => {
  copy = await copyOfThisVersion();
  app = mkdtempSync(join(tmpdir(), 'terminus-peer-'));
  const library = join(app, 'node_modules/nestjs-redis-event-bus');
  cpSync(copy.folder, join(library, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'libs/event-bus/package.json'), join(library, 'package.json'));
  for (const peer of PEERS) link(peer);
  for (const entry of ['nestjs-redis-event-bus', 'nestjs-redis-event-bus/terminus']) {
    const file = join(app, `${entry.replace('/', '-')}.mjs`);
    writeFileSync(file, `import * as all from '${entry}'; console.log(Object.keys(all).join(' '));`);
  }
});
afterAll(() => {
  copy.remove();
  rmSync(app, { recursive: true, force: true });
});
beforeEach(() => rmSync(join(app, 'node_modules/@nestjs/terminus'), { recursive: true, force: true }));

function link(name: string): void {
  const path = join(app, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), path);
}

/** The package itself where it is installed, with Nest 11; elsewhere what is read of it. */
function installOld(): void {
  const folder = join(app, 'node_modules/@nestjs/terminus');
  if (isNest11) {
    symlinkSync(join(ROOT, 'test/nest-11/node_modules/terminus11'), folder);
    return;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "@nestjs/terminus", "version": "11.1.1" }');
}

const output = (script: string) =>
  run(process.execPath, [join(app, script)]).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );

describe('Where @nestjs/terminus is missing', () => {
  it('the import of ./terminus fails with the line that installs it', async () => {
    expect(await output('nestjs-redis-event-bus-terminus.mjs')).toContain(
      'nestjs-redis-event-bus/terminus needs @nestjs/terminus, which is not installed. Run: npm install @nestjs/terminus@^12',
    );
  });

  it('the main entry is loaded as ever', async () => {
    expect(await output('nestjs-redis-event-bus.mjs')).toMatch(/\bEventBusModule\b/);
  });

  it('a bundle, which has no packages, is believed', () => {
    expect(terminusProblem('/nowhere/bundle.js')).toBeUndefined();
  });
});

describe('Where @nestjs/terminus is installed', () => {
  it('./terminus is loaded', async () => {
    link('@nestjs/terminus');
    expect(await output('nestjs-redis-event-bus-terminus.mjs')).toBe(
      'EventBusHealthIndicator EventBusHealthModule\n',
    );
  });

  it('version 11, which has no degraded state, fails the import with what to install', async () => {
    installOld();
    expect(await output('nestjs-redis-event-bus-terminus.mjs')).toMatch(
      /needs @nestjs\/terminus 12, and 11\.\d+\.\d+ is installed, which has no degraded state\. Run: npm install @nestjs\/terminus@\^12/,
    );
  });

  it('the peer is optional', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'libs/event-bus/package.json'), 'utf8')) as {
      peerDependenciesMeta: Record<string, unknown>;
    };
    expect(manifest.peerDependenciesMeta['@nestjs/terminus']).toEqual({ optional: true });
  });
});
