import { randomUUID } from 'node:crypto';
import { escapeGlob } from '../../routing/redis-glob.js';
import type { HandlerTarget } from '../../routing/handler-target.js';
import type { NeededCommand } from './rights.probe.js';

/** What a user may be for: see docs/security.md. */
export const ROLES = ['publisher', 'subscriber', 'inspector', 'group', 'key-events'] as const;

export type Role = (typeof ROLES)[number] | 'cluster';

/** What a service does with its channels. */
export interface RoleScope {
  /** Its channels and globs, with the prefix. Empty: the rules of channels are not tested. */
  readonly targets: readonly HandlerTarget[];
  readonly isShard: boolean;
  readonly prefix: string;
  readonly database: number;
}

/** A name that no service uses. Nothing is ever published to it. */
const UNUSED = `event-bus:doctor:${randomUUID()}`;

const COMMON: readonly NeededCommand[] = [
  { words: ['UNSUBSCRIBE', UNUSED], isHarmless: true },
  { words: ['PING'], isHarmless: true },
  { words: ['INFO', 'replication'], isHarmless: true },
];

/** The commands that a service of this role sends. */
export function commandsOf(role: Role, scope: RoleScope): readonly NeededCommand[] {
  switch (role) {
    case 'publisher':
      return [...publishing(scope), ...COMMON];
    case 'subscriber':
      return [...subscribing(scope), ...COMMON];
    case 'inspector':
      return [...INSPECTING, ...COMMON];
    case 'group':
      return [claiming(scope)];
    case 'key-events':
      return [subscription('SUBSCRIBE', 'channel', `__keyevent@${scope.database}__:expired`), ...COMMON];
    case 'cluster':
      return ['SLOTS', 'INFO'].map((subcommand) => ({ words: ['CLUSTER', subcommand], isHarmless: true }));
  }
}

const INSPECTING: readonly NeededCommand[] = [
  { words: ['PUBSUB', 'CHANNELS', UNUSED], isHarmless: true },
  { words: ['PUBSUB', 'NUMSUB', UNUSED], isHarmless: true },
  { words: ['PUBSUB', 'NUMPAT'], isHarmless: true },
  { words: ['PUBSUB', 'SHARDCHANNELS', UNUSED], isHarmless: true },
  { words: ['PUBSUB', 'SHARDNUMSUB', UNUSED], isHarmless: true },
];

function publishing({ targets, isShard }: RoleScope): NeededCommand[] {
  const command = isShard ? 'SPUBLISH' : 'PUBLISH';
  const channels = targets.filter(({ subscription: { kind } }) => kind !== 'pattern');
  if (channels.length === 0) return [{ words: [command, UNUSED, ''] }];
  return channels.map(({ subscription: { name } }) => ({
    words: [command, name, ''],
    nameRule: `&${escapeGlob(name)}`,
  }));
}

const SUBSCRIBE = { channel: 'SUBSCRIBE', pattern: 'PSUBSCRIBE', shard: 'SSUBSCRIBE' } as const;

function subscribing({ targets, isShard }: RoleScope): NeededCommand[] {
  const kinds = isShard ? (['shard'] as const) : (['channel', 'pattern'] as const);
  const unsubscribing: NeededCommand = {
    words: [isShard ? 'SUNSUBSCRIBE' : 'PUNSUBSCRIBE', UNUSED],
    isHarmless: true,
  };
  const own = targets.map(({ subscription: { kind, name } }) => subscription(SUBSCRIBE[kind], kind, name));
  const any = kinds.map(
    (kind) => ({ words: [SUBSCRIBE[kind], UNUSED], trial: { kind, name: UNUSED } }) as const,
  );
  return [...(own.length > 0 ? own : any), unsubscribing];
}

function subscription(command: string, kind: keyof typeof SUBSCRIBE, name: string): NeededCommand {
  const nameRule = `&${kind === 'pattern' ? name : escapeGlob(name)}`;
  return { words: [command, name], nameRule, trial: { kind, name: UNUSED } };
}

/** A claim with two conditions that exclude each other: a syntax error, if the user may run it. */
function claiming({ prefix }: RoleScope): NeededCommand {
  const key = `${prefix}event-bus:claim:`;
  return {
    words: ['SET', `${key}doctor`, '1', 'NX', 'XX'],
    nameRule: `~${escapeGlob(key)}*`,
    isHarmless: true,
  };
}
