// Fails when docs/errors.md or docs/options.md and the code disagree, when a link leads nowhere, or when a code block of the
// README is no copy of examples/minimal.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { exampleFilesOf, snippetsOf } from './readme.snippets.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const library = join(root, 'libs/event-bus/src');
/** What npm shows. */
const PACKAGE_PAGES = ['libs/event-bus/README.md', 'libs/console/README.md'];
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
    'examples/minimal/README.md',
    ...PACKAGE_PAGES,
  ]
    .map((name) => join(root, name))
    .concat(filesBelow(join(root, 'docs'), '.md'))
    .filter((file) => existsSync(file));
  for (const document of documents) {
    for (const { path, anchor } of linksIn(document)) {
      const target = path === '' ? document : join(dirname(document), path);
      if (/^[a-z]+:/.test(path)) continue;
      if (!existsSync(target)) {
        problems.push(`${relative(root, document)} links to ${path}, which does not exist.`);
      } else if (anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor)) {
        problems.push(
          `${relative(root, document)} links to ${path}#${anchor}, and there is no such heading.`,
        );
      }
    }
  }
}

/** npm shows a package's page without the repository, so its links lead within the page, or are whole addresses. */
function checkPackageLinks(page) {
  const { repository } = JSON.parse(readFileSync(join(root, dirname(page), 'package.json'), 'utf8'));
  const address = (repository?.url ?? repository)?.replace(/^git\+/, '').replace(/\.git$/, '');
  const ours = address === undefined ? undefined : `${address}/blob/main/`;
  for (const { path } of linksIn(join(root, page))) {
    if (ours !== undefined && path.startsWith(ours)) {
      if (!existsSync(join(root, path.slice(ours.length)))) {
        problems.push(`${page} links to ${path}, which does not exist.`);
      }
    } else if (path !== '' && !path.startsWith('https://')) {
      problems.push(
        `${page} links to ${path}, which npm cannot follow. Write the whole address, of the repository that package.json names.`,
      );
    }
  }
}

/** Every block of the README stands in a file of the example; on the package's page some stand alone. */
function checkSnippets(page, { mayStandAlone }) {
  for (const { path, code } of snippetsOf(page)) {
    const [firstLine] = code.split('\n');
    if (path === undefined) {
      if (!mayStandAlone)
        problems.push(`${page}: the block that begins with "${firstLine}" names no file in its first line.`);
      continue;
    }
    const files = exampleFilesOf(path);
    if (files.length === 0) problems.push(`${page}: examples/minimal has no ${path}.`);
    for (const file of files) {
      if (!`\n${readFileSync(file, 'utf8')}`.includes(`\n${code}\n`))
        problems.push(`${page}: ${relative(root, file)} does not contain the block ${path} as it is.`);
    }
  }
}

function linksIn(document) {
  const links = readFileSync(document, 'utf8').matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g);
  return [...links].map(([, path, anchor]) => ({ path, anchor }));
}

/** What the headings of a page are linked by. */
function anchorsOf(document) {
  const headings = readFileSync(document, 'utf8').matchAll(/^#+ (.*)$/gm);
  const anchors = [...headings].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(anchors);
}

checkErrors();
checkOptions();
checkLinks();
PACKAGE_PAGES.forEach(checkPackageLinks);
checkSnippets('README.md', { mayStandAlone: false });
for (const page of PACKAGE_PAGES) checkSnippets(page, { mayStandAlone: true });
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(
  'docs: every error and every option has its row, every link leads somewhere, and the README shows the example.',
);
