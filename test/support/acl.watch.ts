import type { AclUser } from './acl.document.js';
import { rulesWithout } from './acl.document.js';
import type { RedisServer } from './redis.server.js';

/** What servers let their users do, and what they have denied them. Each node of a Cluster has users of its own. */
export class AclWatch {
  constructor(private readonly servers: readonly RedisServer[]) {}

  /** The user has its rules and no others, but for one that is taken away. */
  async allow(user: AclUser, without?: string): Promise<void> {
    const { name, password, rules } = user;
    const kept = without === undefined ? rules : rulesWithout(user, without);
    await this.ask('ACL', 'SETUSER', name, 'reset', 'on', `>${password}`, ...kept);
  }

  /** Nothing was asked, and nothing denied. */
  async forget(): Promise<void> {
    await this.ask('CONFIG', 'RESETSTAT');
    await this.ask('ACL', 'LOG', 'RESET');
  }

  /** Command by command, since nothing was asked: whether a server ran it. */
  async commandsAsked(): Promise<ReadonlyMap<string, boolean>> {
    const asked = new Map<string, boolean>();
    for (const stats of await this.ask('INFO', 'commandstats')) {
      for (const [, name, calls] of String(stats).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
        asked.set(String(name), asked.get(String(name)) === true || Number(calls) > 0);
      }
    }
    return asked;
  }

  /** What was denied, and why: `command publish`, `channel orders:created`, `key event-bus:claim:…`. */
  async denials(user: AclUser): Promise<string[]> {
    const logs = (await this.ask('ACL', 'LOG')) as (string | number)[][][];
    return logs
      .flat()
      .map((flat) => Object.fromEntries(flat.map((field, index) => [field, flat[index + 1]])))
      .filter(({ username }) => username === user.name)
      .map(({ reason, object }) => `${reason} ${object}`);
  }

  private ask(...command: readonly string[]) {
    return Promise.all(this.servers.map((server) => server.cli(...command)));
  }
}

const KINDS: Readonly<Record<string, string>> = { '+': 'command', '&': 'channel', '~': 'key', '%': 'key' };

/** How a denial begins that is for want of this rule: `command publish`, `channel`, `key`. */
export function denialFor(rule: string): string {
  const kind = String(KINDS[rule.charAt(0)]);
  return rule.startsWith('+') ? `${kind} ${rule.slice(1)}` : kind;
}
