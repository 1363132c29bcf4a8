import { NotConnectedError, reasonOf } from '../../errors.js';
import { RedisConnection } from '../redis/redis.connection.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterSettings } from './redis-cluster.options.js';

/**
 * Asks one node on a separate connection: queries are rare, and there may be many nodes.
 * @throws NotConnectedError when it does not answer, or what `ask` throws.
 */
export async function askNode<Answer>(
  settings: ClusterSettings,
  node: NodeAddress,
  ask: (connection: RedisConnection) => Promise<Answer>,
): Promise<Answer> {
  const { host, port } = node;
  let settle: (error?: Error) => void = () => undefined;
  const opened = new Promise<Error | undefined>((resolve) => {
    settle = resolve;
  });
  const settingsOfNode = { ...settings.connection, host, port };
  const connection = new RedisConnection(settingsOfNode, { up: () => settle(), error: settle });
  connection.start();
  try {
    const error = await opened;
    if (error !== undefined) {
      throw new NotConnectedError(`the node ${nodeKey(node)} does not answer: ${reasonOf(error)}`);
    }
    return await ask(connection);
  } finally {
    await connection.close({ graceful: false });
  }
}
