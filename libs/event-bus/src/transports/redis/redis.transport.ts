import type { Redis } from 'ioredis';
import { BusClosedError } from '../../errors.js';
import type {
  AllFacets,
  EventTransport,
  InspectionQuery,
  InspectionResult,
  MessageSettings,
  OutgoingMessage,
  SettledListener,
  TransportFactory,
  TransportLink,
  TransportListener,
} from '../event.transport.js';
import { LinkState } from '../link.state.js';
import { settleAll } from '../settled.messages.js';
import { pingServer, reportLink } from './link.report.js';
import { claimKey } from './redis.claim.js';
import { RedisConnection } from './redis.connection.js';
import { inspectRedis } from './redis.inspection.js';
import { RedisLinks } from './redis.links.js';
import type { RedisTransportOptions } from './redis.options.js';
import { addressOptionOf, linkSettings, redisProblems, unsetAddressOption } from './redis.options.js';
import { RedisKeyspace } from './redis.keyspace.js';
import { RedisPublisher } from './redis.publisher.js';
import { RedisReplicaWatch } from './redis.replica.js';
import { RedisSentinels } from './redis.sentinels.js';
import { RedisSubscriber } from './redis.subscriber.js';
import { ServerTransport } from './server.transport.js';

/**
 * Events are sent through a Redis server, on two connections of the bus: one subscribes, one publishes. Without options, it
 * connects to `redis://localhost:6379`.
 */
export function redis(options: RedisTransportOptions = {}): TransportFactory {
  return {
    name: 'redis',
    problems: redisProblems(options),
    create: (listener, messages) => new RedisTransport(options, listener, messages),
  };
}

/** Redis pub/sub on one server: PUBLISH and SPUBLISH, SUBSCRIBE, PSUBSCRIBE and SSUBSCRIBE. */
class RedisTransport extends ServerTransport implements EventTransport, AllFacets {
  readonly name = 'redis';
  readonly batching = 'pipeline';
  readonly addressOption: string;
  readonly keyspace: RedisKeyspace;

  protected readonly linkState: LinkState;
  protected readonly subscriber: RedisSubscriber;
  private readonly sentinels: RedisSentinels | undefined;
  private readonly subscriberLink: RedisConnection;
  private readonly publisherLink: RedisConnection;
  private readonly publisher: RedisPublisher;
  private readonly replicaWatch: RedisReplicaWatch;

  constructor(
    private readonly options: RedisTransportOptions,
    owner: TransportListener,
    messages: MessageSettings | undefined,
  ) {
    super(owner);
    const { listener } = this;
    this.addressOption = addressOptionOf(options);
    const made = linkSettings(options, messages);
    this.sentinels = RedisSentinels.of(made);
    const subscribing = this.subscribing(() => this.subscriber);
    this.subscriberLink = new RedisConnection(made, subscribing, this.sentinels);
    const publishing = this.publishing(
      () => void this.replicaWatch.check(),
      async () => {
        await Promise.all([this.publisherLink.confirmMaster(), this.publisherLink.ping()]);
      },
    );
    this.publisherLink = new RedisConnection(made, publishing, this.sentinels);
    const links = new RedisLinks(() => `Redis at ${this.address}`, {
      publisher: this.publisherLink,
      subscriber: this.subscriberLink,
      shortage: () => (this.subscriber.isFullySubscribed ? undefined : this.subscriber.reason),
    });
    this.linkState = new LinkState(links, listener);
    this.subscriber = new RedisSubscriber(this.subscriberLink, listener, () => this.update());
    this.keyspace = new RedisKeyspace(this.publisherLink);
    this.publisher = new RedisPublisher(this.publisherLink, () => listener.writable());
    this.replicaWatch = new RedisReplicaWatch(this.publisherLink, (warning) => listener.warned(warning));
  }

  get address(): string {
    return this.publisherLink.address;
  }

  get usesTls(): boolean {
    const { tls, sentinels, enableTLSForSentinelMode } = this.publisherLink.redis.options;
    return Boolean(tls) && (sentinels == null || enableTLSForSentinelMode === true);
  }

  get database(): number {
    return this.publisherLink.redis.options.db ?? 0;
  }

  publish(messages: readonly OutgoingMessage[], settled: SettledListener): void {
    if (this.closing === undefined) this.publisher.publish(messages, settled);
    else settleAll(messages, settled, () => new BusClosedError());
  }

  async inspect(query: InspectionQuery): Promise<InspectionResult> {
    if (this.isClosed) throw new BusClosedError();
    return inspectRedis(this.publisherLink, query);
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    if (this.isClosed) throw new BusClosedError();
    return claimKey(this.publisherLink, key, ttlMs);
  }

  links(): readonly TransportLink[] {
    return [reportLink('publisher', this.publisherLink), reportLink('subscriber', this.subscriberLink)];
  }

  ping(): Promise<void> {
    return pingServer(this.publisherLink, this.isClosed);
  }

  /** The ioredis clients: first the publisher, then the subscriber. */
  unwrap(): [Redis, Redis] {
    return [this.publisherLink.redis, this.subscriberLink.redis];
  }

  protected start(): void {
    this.warnOfDefault();
    this.sentinels?.start();
    this.subscriberLink.start();
    this.publisherLink.start();
  }

  protected async disconnect(): Promise<void> {
    this.subscriber.close();
    await Promise.all([
      this.subscriberLink.close({ graceful: false }),
      this.publisherLink.close({ graceful: true }),
    ]);
    this.sentinels?.close();
  }

  private warnOfDefault(): void {
    const option = unsetAddressOption(this.options);
    if (option === undefined) return;
    this.listener.warned({
      sentence: 'redis() has no address and uses the default',
      fields: { address: this.address },
      advice: `Its ${option} is undefined: set the variable that it is read from, or write redis() if the default is intended.`,
    });
  }
}
