import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const TRANSPORTS = 'libs/event-bus/src/transports';
const THE_ONE = `${TRANSPORTS}/redis/driver.internals.ts`;

/** How a file reaches into what ioredis keeps to itself. */
const REACHES: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a cast past the types', /\bas unknown as\b/],
  ['a file that is not its entry', /['"]ioredis\/(?!package\.json)/],
  [
    'a private name',
    /\.(condition|prevCondition|commandQueue|offlineQueue|connector|setStatus|startupNodes)\b(?!\.js)/,
  ],
  ['a private name', /\b(condition|prevCondition|commandQueue|offlineQueue|setStatus|startupNodes) \} = /],
  ['its socket', /\b(redis|client|asker|watcher)\.stream\b/],
  ['its socket', /\{[^}]*\bstream\b[^}]*\} = (this\.)?(\w+\.)?(redis|client)\b/],
];

function reachesIn(text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line) =>
      REACHES.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${what}: ${line.trim()}`),
    );
}

const files = readdirSync(join(ROOT, TRANSPORTS), { recursive: true, encoding: 'utf8' })
  .map((name) => `${TRANSPORTS}/${name}`)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));

describe('what ioredis keeps to itself', () => {
  it.each(files.filter((name) => name !== THE_ONE))('is left alone by %s', (name) => {
    expect(reachesIn(readFileSync(join(ROOT, name), 'utf8'))).toEqual([]);
  });

  it('is found wherever a file reaches for it', () => {
    expect(reachesIn(readFileSync(join(ROOT, THE_ONE), 'utf8')).length).toBeGreaterThan(8);
    for (const line of [
      "import reader from 'ioredis/built/DataHandler.js';",
      '(redis as unknown as Internals).connector',
      'const { condition } = internals;',
      'const { stream } = this.connection.redis;',
      'this.redis.stream.destroy(reason);',
    ]) {
      expect(reachesIn(line)).not.toEqual([]);
    }
  });
});
