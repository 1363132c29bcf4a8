// Joins the modules of the built library into a few files, since Node takes its time for each of hundreds of small ones. Entry
// points, types, names and the way from a stack trace to the sources stay. The last step of `npm run build`.
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

const library = fileURLToPath(new URL('../libs/event-bus/', import.meta.url));
const dist = join(library, 'dist');
const { exports, bin } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));

/** `testing/index`, by which its bundle is `dist/testing/index.js` again. */
const commands = Object.values(bin);
const entries = [...Object.values(exports).flatMap((target) => target.default ?? []), ...commands];
const input = Object.fromEntries(
  entries.map((path) => [relative('dist', path).replace(/\.js$/, ''), join(library, path)]),
);

const bundle = await rollup({
  input,
  // Everything that is installed.
  external: (id) => !id.startsWith('.') && !id.startsWith(library),
  plugins: [{ name: 'source-maps', load: readWithMap }],
  onwarn: ({ code, message }) => {
    // TypeScript's helpers for decorators look for others of their name.
    if (code !== 'THIS_IS_UNDEFINED') throw new Error(message);
  },
});
// What entry points share is in files of its own, so that each class exists once.
const { output } = await bundle.write({
  dir: dist,
  sourcemap: true,
  sourcemapExcludeSources: true,
  chunkFileNames: 'shared/[hash].js',
});
await bundle.close();
for (const command of commands) chmodSync(join(library, command), 0o755);

const renamed = output.flatMap(({ code = '' }) => code.match(/\bclass \w+\$\d+/g) ?? []);
if (renamed.length > 0) {
  throw new Error(
    `Several classes have one name, which logs and errors show: ${renamed.join(', ')}. Rename one.`,
  );
}

const bundled = new Set(output.map(({ fileName }) => join(dist, fileName)));
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (/\.js(\.map)?$/.test(file) && !bundled.has(file)) rmSync(file);
}
// After this, the compiler writes every module again, and never a part of them beside older bundles.
rmSync(join(dist, '.tsbuildinfo'), { force: true });

/** The map leads from a module to its source, and is joined with that of the bundle. */
function readWithMap(file) {
  const map = existsSync(`${file}.map`) ? JSON.parse(readFileSync(`${file}.map`, 'utf8')) : null;
  return { code: readFileSync(file, 'utf8'), map };
}
