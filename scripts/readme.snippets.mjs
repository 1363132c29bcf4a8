import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = join(root, 'examples/minimal');

/**
 * The TypeScript blocks of a page, in order. `path` is the file that the first line names (`// orders/src/app.module.ts`), and
 * `code` what stands below it; a block that names none is code alone.
 *
 * @param {string} page relative to the repository
 * @returns {{ path?: string, code: string }[]}
 */
export function snippetsOf(page) {
  return blocksOf(page, 'ts').map((block) => {
    const [, path, code] = /^\/\/ (\S+\.ts)\n(.*)$/s.exec(block) ?? [undefined, undefined, block];
    return { path, code };
  });
}

/**
 * The blocks of one language, in order, without their fences.
 *
 * @param {string} page relative to the repository
 * @param {string} language empty for blocks that name none
 */
export function blocksOf(page, language) {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)\n```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , block]) => block);
}

/**
 * The files of examples/minimal that a snippet is a copy of: `orders/src/main.ts` is one, `src/main.ts` is that of every
 * service that has one.
 *
 * @param {string} path
 */
export function exampleFilesOf(path) {
  const candidates = path.startsWith('src/')
    ? readdirSync(example).map((service) => join(example, service, path))
    : [join(example, path)];
  return candidates.filter((file) => existsSync(file));
}
