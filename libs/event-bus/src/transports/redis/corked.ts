import type { PublishSocket } from './redis.publisher.js';

/** Runs `write`. What it writes reaches each socket as one write, whatever it throws: a socket that stays corked sends nothing. */
export function corked(
  sockets: readonly (Pick<PublishSocket, 'cork' | 'uncork'> | undefined)[],
  write: () => void,
): void {
  for (const socket of sockets) socket?.cork();
  try {
    write();
  } finally {
    for (const socket of sockets) socket?.uncork();
  }
}
