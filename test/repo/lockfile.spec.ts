import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

interface Lockfile {
  readonly packages: Record<string, { readonly resolved?: string; readonly link?: boolean }>;
}

describe.each(['package-lock.json', 'test/nest-11/package-lock.json'])('%s', (file) => {
  it('names no registry, so that everybody installs from their own', () => {
    const { packages } = JSON.parse(readFileSync(file, 'utf8')) as Lockfile;
    const foreign = Object.values(packages).filter(({ resolved, link }) => resolved !== undefined && !link);
    expect(foreign).toEqual([]);
  });
});

describe('the files of the repository', () => {
  it('name no directory of the machine that they were written on', () => {
    // Files that are about to be added count as well. The setting lets a copy that belongs to somebody else be listed.
    const arguments_ = [
      '-c',
      'safe.directory=*',
      'ls-files',
      '-z',
      '--cached',
      '--others',
      '--exclude-standard',
    ];
    const files = execFileSync('git', arguments_, { encoding: 'utf8' }).split('\0').filter(Boolean);
    const local = /(?<![\w.~$}@-])\/(?:home|root|Users|work)\/[\w.-]+|(?<![\w.])[A-Z]:\\Users\\/;
    const found = [...new Set(files)].flatMap((file) =>
      readLines(file).flatMap((line, index) =>
        local.test(line) || line.includes(`${process.cwd()}/`)
          ? [`${file}:${index + 1}: ${line.trim()}`]
          : [],
      ),
    );
    expect(found).toEqual([]);
  });
});

/** Nothing for a file that is deleted but still in the index. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
