import type { Links } from '../link.state.js';
import { explainConnectionError, refusalBy } from './connection-advice.js';
import type { RedisConnection } from './redis.connection.js';
import { isMute } from './redis.errors.js';

export interface RedisLinkParts {
  readonly publisher: Pick<RedisConnection, 'isUp' | 'redis'>;
  readonly subscriber: Pick<RedisConnection, 'isUp'>;
  /** What is missing although both are up. Undefined if nothing is. */
  readonly shortage: () => string | undefined;
}

/** The two connections that every Redis transport needs, as LinkState reads them. */
export class RedisLinks implements Links {
  constructor(
    /** The server they lead to, e.g. `Redis at 127.0.0.1:6379`. */
    private readonly server: () => string,
    private readonly parts: RedisLinkParts,
  ) {}

  get areUp(): boolean {
    return this.parts.publisher.isUp && this.parts.subscriber.isUp;
  }

  get shortage(): string | undefined {
    return this.parts.shortage();
  }

  isMute(error: Error): boolean {
    return isMute(error);
  }

  explain(error: Error, wasReady: boolean): string {
    return explainConnectionError(error, this.parts.publisher.redis.options, wasReady);
  }

  refusalOf(error: Error, wasReady: boolean): Error | undefined {
    return refusalBy(this.server(), error, () => this.explain(error, wasReady));
  }
}
