import { spawn } from 'node:child_process';
import { once } from 'node:events';

it('leaves a child process behind', async () => {
  // It ends with the process that holds its stdin.
  await once(spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] }), 'spawn');
});
