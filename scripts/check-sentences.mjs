// Fails when something that the library exports, or a public member of it, has no sentence that says what it is.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const library = join(root, 'libs/event-bus');
const { exports: entries } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
const rootNames = Object.values(entries)
  .map(({ types }) => types)
  .filter(Boolean)
  .map((types) => join(library, types.replace('/dist/', '/src/').replace(/\.d\.ts$/, '.ts')));

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8'));
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const program = ts.createProgram({ rootNames, options });
const checker = program.getTypeChecker();

/** By declaration, as an export may be in several entries. */
const missing = new Map();
let checked = 0;

for (const entry of rootNames) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = isAlias(exported) ? checker.getAliasedSymbol(exported) : exported;
    const members = publicMembers(symbol);
    // The static code of an error is that of its instances.
    const told = new Set(members.filter(hasSentence).map(({ name }) => name));
    checked += 1 + members.length;
    if (!hasSentence(symbol)) report(symbol, symbol.name);
    for (const member of members) {
      if (!told.has(member.name)) report(member, `${symbol.name}.${member.name}`);
    }
  }
}
for (const line of missing.values()) console.error(line);
if (missing.size > 0) {
  console.error(
    `${missing.size} without a sentence. Write a doc comment: what it is, its unit, its default.`,
  );
  process.exit(1);
}
console.log(`${checked} exports and their members have their sentence.`);

function report(symbol, name) {
  const [declaration] = symbol.declarations;
  const source = declaration.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
  missing.set(declaration, `${relative(root, source.fileName)}:${line + 1} ${name}`);
}

function hasSentence(symbol) {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== '';
}

/** What its interface or class declares itself; what it inherits is said there. */
function publicMembers(symbol) {
  const declarations = symbol.declarations.filter(
    (declaration) => ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration),
  );
  const nodes = declarations.flatMap(({ members }) =>
    members.flatMap((member) =>
      ts.isConstructorDeclaration(member)
        ? member.parameters.filter((parameter) => ts.isParameterPropertyDeclaration(parameter, member))
        : [member],
    ),
  );
  return [...new Set(nodes.filter((node) => isPublic(node)).map((node) => memberSymbol(node)))];
}

function memberSymbol(node) {
  if (!ts.isParameter(node)) return checker.getSymbolAtLocation(node.name) ?? node.symbol;
  const [, property] = checker.getSymbolsOfParameterPropertyDeclaration(node, node.name.text);
  return property;
}

function isPublic(node) {
  const flags = ts.getCombinedModifierFlags(node);
  if ((flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0) return false;
  if (node.name === undefined || ts.isPrivateIdentifier(node.name)) return false;
  return !ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');
}

function isAlias(symbol) {
  return (symbol.flags & ts.SymbolFlags.Alias) !== 0;
}
