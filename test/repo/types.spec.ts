import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');

/** Each program has what its files declare for all of it. */
const programs = [['contracts', 'handlers'], ['event-map']];

const MARK = /@ts-expect-error/g;

/** What some of them must be refused with, by the file. */
const sayings = [
  // Of the overload that was meant, and no other one's.
  ['contracts', /^Argument of type .*pass \{ params \} as the third argument/],
  [
    'handlers',
    /'_invoice' and 'payload' are incompatible.*Property 'sum' is missing in type '\{ total: number; \}'/,
  ],
  ['event-map', /Type 'string' is not assignable to type 'number'/],
] as const;

const marked = (name: string) => join(root, `test/types/${name}.ts`);
const unmarked = (name: string) => join(root, `test/types/${name}.unmarked.ts`);

/** Of every program: most of the time goes into reading what they import. */
const sources = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says to each file, with the options of the workspace; the unmarked ones are not on the disk. */
function compile(names: readonly string[]): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (name) => ts.sys.readFile(name)) as {
    config: object;
  };
  const files = names.flatMap((name) => [marked(name), unmarked(name)]);
  const parsed = ts.parseJsonConfigFileContent(
    { ...config, files: names.map(marked), references: [] },
    ts.sys,
    root,
  );
  const options = { ...parsed.options, composite: false, noEmit: true };
  const host = ts.createCompilerHost(options);
  const plain = ts.createCompilerHost(options);
  const withoutMarks = new Map(names.map((name) => [unmarked(name), textOf(name).replaceAll(MARK, '')]));
  host.fileExists = (name) => withoutMarks.has(name) || plain.fileExists(name);
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const text = withoutMarks.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, languageVersion);
    if (!sources.has(name)) sources.set(name, plain.getSourceFile(name, languageVersion, ...rest));
    return sources.get(name);
  };
  const problems = new Map<string, string[]>(files.map((name) => [name, []]));
  for (const { file, messageText } of ts.getPreEmitDiagnostics(ts.createProgram(files, options, host))) {
    problems.get(file?.fileName ?? '')?.push(ts.flattenDiagnosticMessageText(messageText, ' '));
  }
  return problems;
}

function textOf(name: string): string {
  return ts.sys.readFile(marked(name)) as string;
}

describe('the types', () => {
  let problems: ReadonlyMap<string, readonly string[]>;

  beforeAll(() => {
    problems = new Map(programs.flatMap((names) => [...compile(names)]));
  });

  it.each(programs.flat())('accept what is right: %s', (name) => {
    expect(problems.get(marked(name))).toEqual([]);
  });

  it.each(programs.flat())('refuse every line that is marked as wrong: %s', (name) => {
    const marks = textOf(name).match(MARK)?.length ?? 0;
    expect(marks).toBeGreaterThan(5);
    expect(problems.get(unmarked(name))?.length).toBeGreaterThanOrEqual(marks);
  });

  it.each(sayings)('say what is wrong: %s', (name, saying) => {
    expect(problems.get(unmarked(name))).toContainEqual(expect.stringMatching(saying));
  });
});
