// Hooks of Node's module loader: runs the TypeScript of this repository as it is, and has each function of the library report
// to `globalThis.walk` when it is entered, and when it goes on after an await.
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const { factory } = ts;
const LIBRARY = fileURLToPath(new URL('../libs/event-bus/src/', import.meta.url));
const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  verbatimModuleSyntax: true,
};

export function resolve(specifier, context, next) {
  const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
  return next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const fileName = fileURLToPath(url);
  const before = fileName.startsWith(LIBRARY) ? [reporting(relative(LIBRARY, fileName))] : [];
  const source = await readFile(fileName, 'utf8');
  const { outputText } = ts.transpileModule(source, { compilerOptions, fileName, transformers: { before } });
  return { format: 'module', source: outputText, shortCircuit: true };
}

/** A transformer that adds the reports to one file. */
function reporting(path) {
  const file = factory.createStringLiteral(path.split(sep).join('/'));
  const report = (moment, ...values) =>
    factory.createCallExpression(
      factory.createPropertyAccessExpression(factory.createIdentifier('globalThis.walk'), moment),
      undefined,
      [...values, file],
    );
  return (context) => {
    const visit = (node) => {
      const visited = ts.visitEachChild(node, visit, context);
      if (ts.isAwaitExpression(visited)) return report('resume', visited);
      if (ts.isArrowFunction(visited) && !ts.isBlock(visited.body)) {
        const body = factory.createParenthesizedExpression(
          factory.createComma(report('enter'), visited.body),
        );
        const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = visited;
        return factory.updateArrowFunction(
          visited,
          modifiers,
          typeParameters,
          parameters,
          type,
          equalsGreaterThanToken,
          body,
        );
      }
      if (ts.isBlock(visited) && ts.isFunctionLike(node.parent)) {
        const entered = factory.createExpressionStatement(report('enter'));
        return factory.updateBlock(visited, [entered, ...visited.statements]);
      }
      return visited;
    };
    return (sourceFile) => ts.visitNode(sourceFile, visit);
  };
}
