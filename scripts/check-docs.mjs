// Fails when docs/errors.md or docs/options.md and the code disagree, or when a relative link leads nowhere.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const library = join(root, 'libs/event-bus/src');
const problems = [];

function filesBelow(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => file.endsWith(ending) && !file.includes('node_modules'));
}

function parse(file) {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

const sources = filesBelow(library, '.ts').filter((file) => !file.endsWith('.spec.ts'));

/** Every class that extends EventBusError, wherever it is declared, and its code. */
function errorsInCode() {
  const errors = [];
  for (const source of sources) {
    parse(source).forEachChild((node) => {
      const parents = node.heritageClauses?.flatMap(({ types }) => types.map((type) => type.getText()));
      if (!ts.isClassDeclaration(node) || !parents?.includes('EventBusError')) return;
      const code = node.members.find((member) => member.name?.getText() === 'code')?.initializer?.text;
      if (code === undefined) problems.push(`${node.name.text} has no code of its own.`);
      else errors.push({ name: node.name.text, code });
    });
  }
  return errors;
}

/** Every exported `…Options` or `…Extras` type, with the names and defaults of its options. */
function optionTypesInCode() {
  const types = new Map();
  for (const source of sources) {
    parse(source).forEachChild((node) => {
      const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
      const isExported = node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
      if (!isType || !isExported || !/(Options|Extras)$/.test(node.name.text)) return;
      const options = new Map();
      const visit = (child) => {
        if (ts.isPropertySignature(child)) {
          const tag = ts.getJSDocTags(child).find(({ tagName }) => tagName.text === 'default');
          const text = ts.getTextOfJSDocComment(tag?.comment);
          options.set(child.name.getText(), options.get(child.name.getText()) ?? text);
          return;
        }
        child.forEachChild(visit);
      };
      node.forEachChild(visit);
      types.set(node.name.text, options);
    });
  }
  return types;
}

/** The tables of a document: heading → first cells → whole rows. */
function tablesOf(document) {
  const tables = new Map();
  let rows = new Map();
  for (const line of readFileSync(join(root, document), 'utf8').split('\n')) {
    if (line.startsWith('#')) {
      rows = new Map();
      tables.set(line, rows);
    }
    const cell = /^\| `([^`]+)`/.exec(line)?.[1];
    if (cell !== undefined && cell !== 'code') rows.set(cell, line);
  }
  return tables;
}

function checkErrors() {
  const rows = new Map([...tablesOf('docs/errors.md').values()].flatMap((table) => [...table]));
  for (const { name, code } of errorsInCode()) {
    const row = rows.get(code);
    if (row === undefined) problems.push(`docs/errors.md has no row for ${code} (${name}).`);
    else if (!row.includes(`\`${name}\``))
      problems.push(`docs/errors.md: the row of ${code} does not name ${name}.`);
    rows.delete(code);
  }
  for (const code of rows.keys()) problems.push(`docs/errors.md has a row for ${code}, which no error has.`);
}

function checkOptions() {
  const tables = tablesOf('docs/options.md');
  const headings = [...tables.keys()];
  for (const [type, options] of optionTypesInCode()) {
    const heading = headings.find((line) => line.includes(`\`${type}\``));
    if (heading === undefined) {
      problems.push(`docs/options.md has no section whose heading names ${type}.`);
      continue;
    }
    const rows = tables.get(heading);
    for (const [option, fallback] of options) {
      const row = rows.get(option);
      if (row === undefined) problems.push(`docs/options.md, ${type}: no row for ${option}.`);
      else if (fallback !== undefined && !row.includes(fallback.replaceAll("'", '').split(' ')[0])) {
        problems.push(`docs/options.md, ${type}.${option}: the default in the code is ${fallback}.`);
      }
    }
    for (const option of rows.keys()) {
      if (!options.has(option))
        problems.push(`docs/options.md, ${type}: ${option} does not exist in the code.`);
    }
  }
}

function checkLinks() {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'libs/event-bus/README.md',
  ]
    .map((name) => join(root, name))
    .concat(filesBelow(join(root, 'docs'), '.md'))
    .filter((file) => existsSync(file));
  for (const document of documents) {
    for (const [, link] of readFileSync(document, 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(link) || existsSync(join(dirname(document), link))) continue;
      problems.push(`${relative(root, document)} links to ${link}, which does not exist.`);
    }
  }
}

checkErrors();
checkOptions();
checkLinks();
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log('docs: every error and every option has its row, and every link leads somewhere.');
