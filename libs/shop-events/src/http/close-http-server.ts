import type { Server } from 'node:http';

/** So long may requests that are being handled take, once the app is to end. */
const GRACE_MS = 3_000;

/**
 * Stops listening, and resolves when every connection is gone. Requests that are handled are answered within a grace time;
 * then whatever is left is cut, such as requests that are half sent: `server.close()` alone waits for those without end.
 */
export async function closeHttpServer(server: Server): Promise<void> {
  // Of a connection whose last request is answered from here on.
  server.keepAliveTimeout = 1;
  const closed = new Promise((resolve) => server.close(resolve));
  const cutting = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(cutting);
}
