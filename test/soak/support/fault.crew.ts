import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../../e2e/support/seeded.random.js';
import type { RedisServer } from '../../support/redis.server.js';
import type { TcpProxy } from '../../support/tcp.proxy.js';
import { CHANNELS, GUARDED_CHANNEL } from './soak-channels.js';
import type { FaultyLink, PlannedFault } from './soak-plan.js';

/** The globs that the service subscribes to: Redis wants them letter by letter. */
const GLOBS = ['soak:*', 'soak:?', 'soak:[abc]'];
const COMMANDS = ['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'publish', 'ping', 'info'];

/** The users of Redis, one for each link. */
export const USERS: Readonly<Record<FaultyLink, string>> = { service: 'service', publisher: 'publisher' };
export const PASSWORD = 'soak';

/** Lets planned faults happen, and mends each when its time is over. */
export class FaultCrew {
  /** Two of one lane would undo each other: the later one waits. */
  private readonly lanes = new Map<string, Promise<void>>();

  constructor(
    private readonly redis: RedisServer,
    private readonly proxies: Readonly<Record<FaultyLink, TcpProxy>>,
  ) {}

  /** Lets both users in. */
  async admit(): Promise<void> {
    await this.grant(CHANNELS);
    const all = ['on', `>${PASSWORD}`, 'allkeys', 'allchannels', '+@all'];
    await this.redis.cli('ACL', 'SETUSER', USERS.publisher, ...all);
  }

  /** Each at its time. Resolves when all are over. */
  async carryOut(plan: readonly PlannedFault[]): Promise<void> {
    const startedAtMs = performance.now();
    for (const fault of plan) {
      await delay(Math.max(0, startedAtMs + fault.atMs - performance.now()));
      const lane = laneOf(fault);
      const done = (this.lanes.get(lane) ?? Promise.resolve()).then(() => this.cause(fault));
      // Awaited below; until then a failure has nobody else.
      done.catch(() => undefined);
      this.lanes.set(lane, done);
    }
    await Promise.all(this.lanes.values());
  }

  private cause({ kind, link, durationMs, seed }: PlannedFault): Promise<void> {
    const proxy = this.proxies[link];
    switch (kind) {
      case 'F1':
        return this.kill(link);
      case 'F3':
        return this.stopServer(durationMs);
      case 'F4':
        return strand(proxy, durationMs, new SeededRandom(seed));
      case 'F8':
        return refuse(proxy, durationMs, new SeededRandom(seed));
      case 'F9':
        return this.deny(durationMs);
    }
  }

  private async kill(link: FaultyLink): Promise<void> {
    const whom = link === 'service' ? ['TYPE', 'pubsub'] : ['USER', USERS[link]];
    await this.redis.cli('CLIENT', 'KILL', ...whom);
  }

  private async stopServer(durationMs: number): Promise<void> {
    await this.redis.kill('SIGSTOP');
    await delay(durationMs);
    await this.redis.kill('SIGCONT');
  }

  /** Redis closes the connections that are subscribed to what is not allowed any more. */
  private async deny(durationMs: number): Promise<void> {
    await this.grant(CHANNELS.filter((channel) => channel !== GUARDED_CHANNEL));
    await delay(durationMs);
    await this.grant(CHANNELS);
    // What is denied is asked for slowly, and at once on a new connection.
    await this.kill('service');
  }

  private async grant(channels: readonly string[]): Promise<void> {
    const targets = [...GLOBS, ...channels].map((target) => `&${target}`);
    const commands = ['-@all', ...COMMANDS.map((command) => `+${command}`)];
    const rules = ['on', `>${PASSWORD}`, 'resetkeys', 'resetchannels', ...targets, ...commands];
    await this.redis.cli('ACL', 'SETUSER', USERS.service, ...rules);
  }
}

function laneOf({ kind, link }: PlannedFault): string {
  return kind === 'F4' || kind === 'F8' ? `network of the ${link}` : kind;
}

/** All bytes vanish, or the answers alone. The connections that it finds stay half open for good: bytes of them are missing. */
async function strand(proxy: TcpProxy, durationMs: number, random: SeededRandom): Promise<void> {
  if (random.next() < 0.5) proxy.pause('toClient');
  else proxy.pause();
  await delay(durationMs);
  proxy.strand();
  proxy.resume();
}

/** The connection that is let in last is spared. */
async function refuse(proxy: TcpProxy, durationMs: number, random: SeededRandom): Promise<void> {
  const endsAtMs = performance.now() + durationMs;
  do {
    await proxy.refuse();
    proxy.cut();
    await delay(random.between(0, 200));
    await proxy.accept();
    while (proxy.connectionCount === 0 && performance.now() < endsAtMs) await delay(1);
    await delay(random.between(0, 10));
  } while (performance.now() < endsAtMs);
}
