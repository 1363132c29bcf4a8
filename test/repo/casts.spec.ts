import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');

/** Lower it when one goes. A fake that needs one wants a smaller interface; a wrong value for a test is `untyped(value)`. */
const LIMIT = 15;

const sources = ['libs', 'apps', 'test'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => file.endsWith('.ts') && !/node_modules|\bdist\b|\.d\.ts$/.test(file)),
);

interface Cast {
  /** `file:line` */
  readonly place: string;
  /** Whether a comment says why, in its line or right above it. */
  readonly hasReason: boolean;
}

/** `as never`, `as any` and `as unknown as …`. */
function castsIn(file: string, text = readFileSync(join(ROOT, file), 'utf8')): Cast[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lines = text.split('\n');
  const found: Cast[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node) && isForced(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      const hasReason = isComment(lines[line - 1]) || isCommented(lines[line]);
      found.push({ place: `${file}:${line + 1}`, hasReason });
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

function isForced({ type, expression }: ts.AsExpression): boolean {
  return (
    type.kind === ts.SyntaxKind.NeverKeyword ||
    type.kind === ts.SyntaxKind.AnyKeyword ||
    (ts.isAsExpression(expression) && expression.type.kind === ts.SyntaxKind.UnknownKeyword)
  );
}

function isComment(line = ''): boolean {
  return /^\s*(\/\/ |\/\*|\*)/.test(line);
}

function isCommented(line = ''): boolean {
  return /;\s*\/\/ \S/.test(line);
}

describe('casts that no type checks', () => {
  const casts = sources.flatMap((file) => castsIn(file));
  const places = (some: readonly Cast[]) => some.map(({ place }) => place);

  it(`are at most ${LIMIT}`, () => {
    expect(places(casts).slice(LIMIT)).toEqual([]);
  });

  it('have a comment each that says why', () => {
    expect(places(casts.filter(({ hasReason }) => !hasReason))).toEqual([]);
  });

  it('are found in each of their forms, and in no comment or text', () => {
    const text = [
      'const a = x as never;',
      'const b = x as any;',
      'const c = x as unknown as Map<string, never>;',
      'const d = x as unknown;',
      'const e = x as Type; // as never',
      "it('as never', f);",
    ].join('\n');
    expect(places(castsIn('a.ts', text))).toEqual(['a.ts:1', 'a.ts:2', 'a.ts:3']);
  });

  it('have their comment in the line, or in the one above', () => {
    const text = [
      '// Why.',
      'const a = x as never;',
      'const b = x as never;',
      'const c = x as never; // Why.',
      '/** Why. */',
      'const d = x as never;',
    ].join('\n');
    expect(castsIn('a.ts', text).map(({ hasReason }) => hasReason)).toEqual([true, false, true, true]);
  });
});
