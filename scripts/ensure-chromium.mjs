// Makes sure that pages can be tested, where that is possible without asking. Elsewhere their tests are skipped, and say so.
import { ensureCommand } from './debian.packages.mjs';

try {
  ensureCommand('chromium', {
    packages: ['chromium'],
    elsewhere: 'tests of pages are skipped (Debian: apt-get install chromium).',
  });
} catch (error) {
  console.log(error.message);
}
