import { AbstractConnector } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { given } from './given.options.js';
import { openStream } from './open.stream.js';
import type { NetStream } from './open.stream.js';

/** Connects a client of ioredis to where its options say, as its own connector does, which waits for a faked `process.nextTick`. */
export class DirectConnector extends AbstractConnector {
  private readonly options: RedisOptions;

  /** @param options of ioredis, which does not say so in its types */
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
