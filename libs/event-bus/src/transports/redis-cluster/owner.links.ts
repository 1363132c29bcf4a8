import { NotConnectedError, reasonOf } from '../../errors.js';
import { RedisConnection } from '../redis/redis.connection.js';
import { RedisPublisher } from '../redis/redis.publisher.js';
import type { NodeAddress } from './cluster.node.js';
import { nodeKey } from './cluster.node.js';
import type { ClusterTopology } from './cluster.topology.js';
import { PendingCloses } from './pending.closes.js';
import type { ClusterSettings } from './redis-cluster.options.js';

export interface OwnerLinksListener {
  writable(): void;
  error(error: Error): void;
}

/** The connection to one master, for commands that only the owner of a slot accepts. */
export class OwnerLink {
  readonly connection: RedisConnection;
  readonly publisher: RedisPublisher;
  private latestError: Error | undefined;
  private isTried = false;
  /** Resolves when the first attempt has succeeded or failed, or will not be made. */
  private readonly tried: Promise<void>;
  private settle: () => void = () => undefined;

  constructor(
    settings: ClusterSettings,
    { host, port }: NodeAddress,
    private readonly listener: OwnerLinksListener & { lost(): void },
  ) {
    this.tried = new Promise((resolve) => {
      this.settle = () => {
        this.isTried = true;
        resolve();
      };
    });
    this.connection = new RedisConnection(
      { ...settings.connection, host, port },
      {
        up: () => {
          this.settle();
          listener.writable();
        },
        down: (reason) => {
          this.latestError = reason;
          listener.lost();
        },
        error: (error) => {
          this.latestError = error;
          this.settle();
          listener.error(error);
          if (!this.connection.isUp) listener.lost();
        },
      },
    );
    this.publisher = new RedisPublisher(this.connection, () => this.listener.writable());
    this.connection.start();
  }

  /** Undefined when messages can be sent, or it is known that they cannot. */
  get opening(): Promise<void> | undefined {
    return this.isTried ? undefined : this.tried;
  }

  get error(): NotConnectedError {
    return new NotConnectedError(this.latestError && reasonOf(this.latestError));
  }

  /** Messages in flight settle first. Callers that wait for the first attempt are told that it will not be made. */
  close(): Promise<void> {
    this.settle();
    return this.connection.close({ graceful: true });
  }
}

/** One connection for each master that messages were sent to, opened when first needed. */
export class OwnerLinks {
  private readonly links = new Map<string, OwnerLink>();
  private readonly closing = new PendingCloses();
  private isClosed = false;

  constructor(
    private readonly settings: ClusterSettings,
    private readonly topology: Pick<ClusterTopology, 'masters' | 'ownerOf' | 'unlearn' | 'refresh'>,
    private readonly listener: OwnerLinksListener,
  ) {}

  get all(): readonly RedisConnection[] {
    return [...this.links.values()].map(({ connection }) => connection);
  }

  get publishers(): readonly RedisPublisher[] {
    return [...this.links.values()].map(({ publisher }) => publisher);
  }

  /** Undefined if no node serves this slot. */
  ofSlot(slot: number): OwnerLink | undefined {
    const owner = this.topology.ownerOf(slot);
    return owner && this.at(owner);
  }

  at(owner: NodeAddress): OwnerLink | undefined {
    if (this.isClosed) return undefined;
    const key = nodeKey(owner);
    let link = this.links.get(key);
    if (link === undefined) {
      const lost = () => {
        this.topology.unlearn(owner);
        void this.topology.refresh();
      };
      link = new OwnerLink(this.settings, owner, { ...this.listener, lost });
      this.links.set(key, link);
    }
    return link;
  }

  /** Closes the links to nodes that are no longer masters. Messages in flight settle first. */
  prune(): void {
    const masters = new Set(this.topology.masters.map(nodeKey));
    for (const [key, link] of this.links) {
      if (masters.has(key)) continue;
      this.links.delete(key);
      this.closing.add(link.close());
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const closed = [...this.links.values()].map((link) => link.close());
    await Promise.all([...closed, this.closing.settled()]);
  }
}
