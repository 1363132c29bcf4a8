import { RedisGlob } from '../../routing/redis-glob.js';
import { forEachKind } from '../../routing/subscription-target.js';
import type {
  InspectionQuery,
  InspectionResult,
  OutgoingMessage,
  SubscriptionTarget,
} from '../event.transport.js';

/** The subscribers of one name, and their target: one entry per connection, in order of subscription. */
type Subscribers<Connection> = Map<Connection, SubscriptionTarget>;

export interface Delivery<Connection> {
  readonly connection: Connection;
  readonly target: SubscriptionTarget;
}

/** All subscriptions, stored and searched as a Redis server does. */
export class SubscriberRegistry<Connection> {
  private readonly names = forEachKind(() => new Map<string, Subscribers<Connection>>());
  private readonly globs = new Map<string, RedisGlob>();

  /** Subscribing a second time changes nothing. */
  add(connection: Connection, target: SubscriptionTarget): void {
    const name = onTheWire(target.name);
    const names = this.names[target.kind];
    const subscribers = names.get(name) ?? new Map<Connection, SubscriptionTarget>();
    names.set(name, subscribers.set(connection, target));
    if (target.kind === 'pattern' && !this.globs.has(name)) this.globs.set(name, new RedisGlob(name));
  }

  remove(connection: Connection, target: SubscriptionTarget): void {
    const name = onTheWire(target.name);
    const subscribers = this.names[target.kind].get(name);
    subscribers?.delete(connection);
    if (subscribers?.size !== 0) return;
    this.names[target.kind].delete(name);
    if (target.kind === 'pattern') this.globs.delete(name);
  }

  /** One per matching subscription: first the channel's own, then the patterns in order of first use. */
  deliveriesOf({ kind, channel }: OutgoingMessage): Delivery<Connection>[] {
    const name = onTheWire(channel);
    const deliveries = deliveriesTo(this.names[kind].get(name));
    if (kind === 'shard') return deliveries;
    for (const [pattern, glob] of this.globs) {
      if (glob.matches(name)) deliveries.push(...deliveriesTo(this.names.pattern.get(pattern)));
    }
    return deliveries;
  }

  /** PUBSUB CHANNELS, NUMSUB, NUMPAT, SHARDCHANNELS and SHARDNUMSUB. */
  inspect(query: InspectionQuery): InspectionResult {
    switch (query.query) {
      case 'channels':
        return { channels: namesLike(this.names.channel, query.pattern) };
      case 'shardChannels':
        return { channels: namesLike(this.names.shard, query.pattern) };
      case 'subscriberCounts':
        return { counts: sizesOf(this.names.channel, query.channels) };
      case 'shardSubscriberCounts':
        return { counts: sizesOf(this.names.shard, query.channels) };
      case 'patternCount':
        return { total: this.names.pattern.size };
    }
  }
}

/** A name as it would arrive from a socket: UTF-8 has no lone surrogates. */
export function onTheWire(name: string): string {
  return Buffer.from(name, 'utf8').toString('utf8');
}

function deliveriesTo<Connection>(subscribers: Subscribers<Connection> | undefined): Delivery<Connection>[] {
  return [...(subscribers ?? [])].map(([connection, target]) => ({ connection, target }));
}

function namesLike(names: ReadonlyMap<string, unknown>, pattern: string | undefined): string[] {
  if (pattern === undefined) return [...names.keys()];
  const glob = new RedisGlob(pattern);
  return [...names.keys()].filter((name) => glob.matches(name));
}

function sizesOf(
  names: ReadonlyMap<string, { readonly size: number }>,
  asked: readonly string[],
): Map<string, number> {
  return new Map(asked.map((name) => [name, names.get(onTheWire(name))?.size ?? 0]));
}
