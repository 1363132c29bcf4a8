import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = [
  'nestjs-redis-event-bus',
  '@nestjs/core',
  '@nestjs/microservices',
  '@nestjs/event-emitter',
  'ioredis',
  'redis',
  'graphql-redis-subscriptions',
];

/** What the figures of a run depend on. */
export function versionsOf(redisVersion) {
  return {
    node: process.versions.node,
    'redis-server': redisVersion,
    ...Object.fromEntries(PACKAGES.map((name) => [name, packageVersion(name)])),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
  };
}

/** By the folder: not every package lets its package.json be imported. */
function packageVersion(name) {
  let folder = dirname(fileURLToPath(import.meta.resolve(name)));
  for (;;) {
    try {
      const { name: found, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (found === name) return version;
    } catch {
      // Not the root of a package.
    }
    if (dirname(folder) === folder) return 'unknown';
    folder = dirname(folder);
  }
}
