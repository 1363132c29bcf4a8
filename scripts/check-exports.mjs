// Compares what the built library exports with libs/event-bus/exports.txt, whose diff is the change of the API.
// `--write` renews the file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** A user has to find the few names that matter. */
const MAX_VALUES = 60;

const library = fileURLToPath(new URL('../libs/event-bus/', import.meta.url));
const listFile = join(library, 'exports.txt');

const entries = Object.entries(JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')).exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([name, target]) => ({
    name,
    types: join(library, target.types),
    code: join(library, target.default),
  }));

const missing = entries.flatMap(({ types, code }) => [types, code]).filter((file) => !existsSync(file));
if (missing.length > 0) {
  fail(`Run npm run build first; missing: ${missing.map((file) => relative(library, file)).join(', ')}`);
}

const program = ts.createProgram({
  rootNames: entries.map(({ types }) => types),
  options: { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, skipLibCheck: true },
});
const checker = program.getTypeChecker();

const problems = [];
const lines = [];
for (const { name, types, code } of entries) {
  const values = Object.keys(await import(pathToFileURL(code).href)).sort();
  const declared = declaredExports(types);
  const promised = declared.filter(({ isValue }) => isValue).map((symbol) => symbol.name);
  for (const value of values.filter((value) => !promised.includes(value))) {
    problems.push(`${name} exports ${value} without a type declaration`);
  }
  for (const value of promised.filter((value) => !values.includes(value))) {
    problems.push(`${name} declares ${value} and does not export it`);
  }
  if (name === '.' && values.length > MAX_VALUES) {
    problems.push(`. exports ${values.length} values; the limit is ${MAX_VALUES}`);
  }
  const typesOnly = declared.filter(({ isValue }) => !isValue).map((symbol) => symbol.name);
  lines.push(
    ...values.map((value) => `${name} value ${value}`),
    ...typesOnly.map((type) => `${name} type ${type}`),
  );
}
const list = lines.map((line) => `${line}\n`).join('');

if (process.argv.includes('--write')) writeFileSync(listFile, list);
const committed = existsSync(listFile) ? readFileSync(listFile, 'utf8') : '';
if (committed !== list) {
  problems.push(
    'the exports differ from libs/event-bus/exports.txt (renew it by: npm run check:exports -- --write):',
    ...difference(committed.split('\n').filter(Boolean), lines),
  );
}
if (problems.length > 0) fail(problems.join('\n'));
console.log(`${lines.length} exports, as listed in exports.txt.`);

/** Sorted by name; a class counts as a value alone. */
function declaredExports(file) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const erased = ts.isTypeOnlyImportOrExportDeclaration(symbol.declarations?.[0] ?? {});
      return { name: symbol.name, isValue: !erased && (target.flags & ts.SymbolFlags.Value) !== 0 };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function difference(before, after) {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
