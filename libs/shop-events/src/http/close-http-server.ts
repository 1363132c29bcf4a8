import type { Server } from 'node:http';

/** How long requests that are being handled may take when the app shuts down. */
const GRACE_MS = 3_000;

/**
 * Stops listening, and resolves when every connection is closed. Requests that are being handled are answered within a grace
 * time; then the remaining connections are cut, such as those with half-sent requests: `server.close()` alone would wait for
 * them without a limit.
 */
export async function closeHttpServer(server: Server): Promise<void> {
  // Closes a connection after its last request has been answered.
  server.keepAliveTimeout = 1;
  const closed = new Promise((resolve) => server.close(resolve));
  const cutting = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(cutting);
}
