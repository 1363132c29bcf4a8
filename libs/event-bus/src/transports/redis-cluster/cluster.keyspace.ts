import { NotConnectedError } from '../../errors.js';
import type { KeyspaceFlags, KeyspaceNotifications } from '../event.transport.js';
import { RedisKeyspace } from '../redis/redis.keyspace.js';
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
    const read = (connection: ConstructorParameters<typeof RedisKeyspace>[0]) =>
      new RedisKeyspace(connection).read();
    const settings = await Promise.all(
      this.topology.masters.map(async (master) => {
        const [setting] = await askNode(this.settings, master, read);
        return { node: nodeKey(master), flags: setting?.flags ?? '' };
      }),
    );
    return settings;
  }

  async write(setting: KeyspaceFlags): Promise<void> {
    const master = this.topology.masters.find((one) => nodeKey(one) === setting.node);
    if (master === undefined) throw new NotConnectedError(`${setting.node} is no master any more`);
    await askNode(this.settings, master, (connection) => new RedisKeyspace(connection).write(setting));
  }
}
