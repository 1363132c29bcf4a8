import type { TransportWarning } from '../event.transport.js';
import type { RedisConnection } from './redis.connection.js';

/** Warns about a connection to a replica: events published there do not reach the master's subscribers. */
export class RedisReplicaWatch {
  private wasReplica = false;

  constructor(
    private readonly connection: RedisConnection,
    /** Called once until a master is found. */
    private readonly warned: (warning: TransportWarning) => void,
  ) {}

  /** Queries INFO, which the driver's ready check needs too. If that is switched off, INFO may not be permitted. */
  async check(): Promise<void> {
    const { redis, address } = this.connection;
    if (redis.options.enableReadyCheck === false) return;
    const info = await redis.info('replication').catch(() => undefined);
    const role = /^role:(\w+)/m.exec(String(info))?.[1];
    if (role === undefined) return;
    const isReplica = role === 'slave';
    if (isReplica && !this.wasReplica) this.warned(warningFor(address));
    this.wasReplica = isReplica;
  }
}

function warningFor(address: string): TransportWarning {
  return {
    sentence: 'Connected to a replica: events published here only reach its own subscribers',
    fields: { address },
    advice: 'Connect to the master, or through Sentinel.',
  };
}
