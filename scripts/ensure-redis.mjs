// Makes sure that redis-server can be run: installs it where that is possible without asking, says what to do elsewhere.
import { ensureCommand } from './debian.packages.mjs';

try {
  ensureCommand('redis-server', {
    packages: ['redis-server', 'redis-sentinel'],
    elsewhere: 'install Redis 7 or newer (Debian: apt-get install redis-server; macOS: brew install redis).',
  });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
