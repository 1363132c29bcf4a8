import { NotConnectedError } from '../../errors.js';
import type { KeyspaceFlags, KeyspaceNotifications } from '../event.transport.js';
import { RedisKeyspace } from '../redis/redis.keyspace.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import { askNode } from './node.question.js';
import type { ClusterSettings } from './redis-cluster.options.js';

/** CONFIG GET and CONFIG SET of every master. */
export class ClusterKeyspace implements KeyspaceNotifications {
  constructor(
    private readonly settings: ClusterSettings,
    private readonly topology: ClusterTopology,
  ) {}

  async read(): Promise<readonly KeyspaceFlags[]> {
    if (!this.topology.isKnown) throw new NotConnectedError();
    const read = (master: NodeAddress) =>
      askNode(this.settings, master, (connection) => new RedisKeyspace(connection).read());
    return (await Promise.all(this.topology.masters.map(read))).flat();
  }

  async write(setting: KeyspaceFlags): Promise<void> {
    const master = this.topology.masters.find((one) => nodeKey(one) === setting.node);
    if (master === undefined) throw new NotConnectedError(`${setting.node} is no longer a master`);
    await askNode(this.settings, master, (connection) => new RedisKeyspace(connection).write(setting));
  }
}
