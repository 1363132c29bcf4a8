// Bundles the page of the console into a module of its package, so that whoever mounts it needs no bundler and no file of another
// folder. `--write` renews the module and the licence notices; without it, a difference from the sources is an error.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const MAX_KB = 120;
const MAX_GZIPPED_KB = 45;

const root = fileURLToPath(new URL('..', import.meta.url));
const console_ = join(root, 'libs/console');

const { outputFiles, metafile } = await build({
  absWorkingDir: console_,
  entryPoints: { app: 'page/main.tsx' },
  outdir: 'page',
  bundle: true,
  format: 'esm',
  target: ['es2022', 'chrome123', 'firefox128', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  write: false,
  metafile: true,
});
const textOf = (extension) => outputFiles.find(({ path }) => path.endsWith(extension)).text;
const script = textOf('.js');
const style = textOf('.css');

const bytes = Buffer.byteLength(script) + Buffer.byteLength(style);
const gzipped = gzipSync(script).length + gzipSync(style).length;
if (bytes > MAX_KB * 1000 || gzipped > MAX_GZIPPED_KB * 1000) {
  fail(
    `The page has ${bytes} bytes, ${gzipped} gzipped. The limits are ${MAX_KB} kB and ${MAX_GZIPPED_KB} kB.`,
  );
}

const files = {
  'src/page.bundle.ts': [
    '// Made from page/ by scripts/console-page.mjs. Do not change it by hand. The types keep the texts out of the declarations.',
    `export const PAGE_SCRIPT: string = ${JSON.stringify(script)};`,
    `export const PAGE_STYLE: string = ${JSON.stringify(style)};`,
    '',
  ].join('\n'),
  'THIRD-PARTY-NOTICES.txt': notices(),
};
const stale = Object.entries(files).filter(([name, text]) => readOf(join(console_, name)) !== text);
if (process.argv.includes('--write')) {
  for (const [name, text] of stale) writeFileSync(join(console_, name), text);
} else if (stale.length > 0) {
  fail(
    `${stale.map(([name]) => name).join(', ')}: not what page/ makes. Run npm run console:page -- --write.`,
  );
}
console.log(`the console's page: ${(bytes / 1000).toFixed(1)} kB, ${(gzipped / 1000).toFixed(1)} kB gzipped`);

/** The licence of each package that is in the bundle. */
function notices() {
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap(
      (input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? [],
    ),
  );
  const texts = [...folders].sort().map((folder) => {
    const path = join(console_, folder);
    const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${readFileSync(join(path, 'LICENSE'), 'utf8').trim()}\n`;
  });
  return `The page of the console contains these packages.\n\n${texts.join('\n---\n\n')}`;
}

function readOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
