import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The one block of a page that begins with this comment: `codeIn('README.md', '// src/main.ts')`. */
export function codeIn(page: string, firstLine: string): string {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)\n```$/gms)].map(([, code]) => code as string);
  const found = blocks.filter((code) => code.startsWith(`${firstLine}\n`));
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks that begin with ${firstLine}.`);
  return found[0] as string;
}
