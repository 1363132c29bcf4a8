import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { ROOT } from '../../../scripts/workspace.build.mjs';
import { NodeProcess } from './node.process.js';

const swc = {
  swcrc: false,
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
} as const;

/**
 * A service of a few files, as a user writes them, in a process of its own and on the built package. Its directory goes
 * when the process has ended.
 *
 * @param files TypeScript by name, without extension; one is `main`
 */
export function startWritten(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
): NodeProcess {
  const directory = mkdtempSync(join(tmpdir(), 'written-service-'));
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  for (const [name, code] of Object.entries(files))
    writeFileSync(join(directory, `${name}.js`), transformSync(code, swc).code);
  const process = NodeProcess.start(join(directory, 'main.js'), environment);
  void process.exited.then(() => rmSync(directory, { recursive: true, force: true }));
  return process;
}
