import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const LIBRARY = 'nestjs-redis-event-bus';

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

const published = readdirSync('libs')
  .map((folder) => ({
    folder: `libs/${folder}`,
    manifest: readJson<Manifest>(`libs/${folder}/package.json`),
  }))
  .filter(({ manifest }) => manifest.private !== true);

describe('the packages that are published', () => {
  it('are released together, with one version', () => {
    const { fixed } = readJson<{ fixed: string[][] }>('.changeset/config.json');
    expect(fixed.map((names) => names.toSorted())).toEqual([
      published.map(({ manifest }) => manifest.name).toSorted(),
    ]);
    expect(new Set(published.map(({ manifest }) => manifest.version)).size).toBe(1);
  });

  it('are the ones whose manifest gets the address of the repository', () => {
    const script = readFileSync('scripts/release.mjs', 'utf8');
    const named = [...script.matchAll(/'(libs\/[^']+)'/g)].map(([, folder]) => folder);
    expect(new Set(named)).toEqual(new Set(published.map(({ folder }) => folder)));
  });

  it('name the library as a peer of the version that they are released with', () => {
    const peers = published.flatMap(({ manifest: { version, peerDependencies } }) => {
      const range = peerDependencies?.[LIBRARY];
      return range === undefined ? [] : [{ range, version }];
    });
    expect(peers).toHaveLength(published.length - 1);
    for (const { range, version } of peers) expect(range).toBe(`^${version}`);
  });
});
