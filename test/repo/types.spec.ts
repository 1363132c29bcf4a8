import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');
const marked = join(root, 'test/types/contracts.ts');
const unmarked = join(root, 'test/types/contracts.unmarked.ts');
const text = ts.sys.readFile(marked) as string;

/** What the compiler says to each file, with the options of the workspace; the unmarked one is not on the disk. */
function compile(): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (name) => ts.sys.readFile(name)) as {
    config: object;
  };
  const parsed = ts.parseJsonConfigFileContent({ ...config, files: [marked], references: [] }, ts.sys, root);
  const options = { ...parsed.options, composite: false, noEmit: true };
  const host = ts.createCompilerHost(options);
  const plain = ts.createCompilerHost(options);
  host.fileExists = (name) => name === unmarked || plain.fileExists(name);
  host.getSourceFile = (name, languageVersion, ...rest) =>
    name === unmarked
      ? ts.createSourceFile(name, text.replaceAll('@ts-expect-error', ''), languageVersion)
      : plain.getSourceFile(name, languageVersion, ...rest);
  const problems = new Map<string, string[]>([marked, unmarked].map((name) => [name, []]));
  for (const { file, messageText } of ts.getPreEmitDiagnostics(
    ts.createProgram([marked, unmarked], options, host),
  )) {
    problems.get(file?.fileName ?? '')?.push(ts.flattenDiagnosticMessageText(messageText, ' '));
  }
  return problems;
}

describe('the types of contracts', () => {
  let problems: Map<string, string[]>;

  beforeAll(() => {
    problems = compile();
  });

  it('accept what is right', () => {
    expect(problems.get(marked)).toEqual([]);
  });

  it('refuse every line that is marked as wrong', () => {
    const marks = text.match(/@ts-expect-error/g)?.length ?? 0;
    expect(marks).toBeGreaterThan(8);
    expect(problems.get(unmarked)?.length).toBeGreaterThanOrEqual(marks);
  });
});
