import { AbstractConnector } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { given } from './given.options.js';
import { openStream } from './open.stream.js';
import type { NetStream } from './open.stream.js';

/**
 * Connects a client of ioredis to the address in its options. Replaces its own connector, which waits for a `process.nextTick`
 * that a test may have faked.
 */
export class DirectConnector extends AbstractConnector {
  private readonly options: RedisOptions;

  /** @param options of ioredis; its types do not say so */
  constructor(options: unknown) {
    super((options as RedisOptions).disconnectTimeout ?? 0);
    this.options = options as RedisOptions;
  }

  override async connect(): Promise<NetStream> {
    const { path, host, port, family, tls } = this.options;
    this.connecting = true;
    await Promise.resolve();
    if (!this.connecting) throw new Error('Connection is closed.');
    const address = path === undefined ? given({ host, port, family }) : { path };
    this.stream = openStream(address, tls, (error) => {
      this.firstError = error;
    });
    return this.stream;
  }
}
