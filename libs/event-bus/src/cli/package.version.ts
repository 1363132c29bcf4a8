import { readFileSync } from 'node:fs';

/** Of this package. Its files are two folders below it, as sources and when they are built. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
