import type { Finding } from './finding.js';
import { note, ok, problem, unknown } from './finding.js';
import type { NeededCommand, Right, RightsProbe } from './rights.probe.js';
import type { Role, RoleScope } from './role.rules.js';
import { commandsOf } from './role.rules.js';

/** Which rules of the ACL a user lacks for a role. Without them, a role that is not wanted is only noted. */
export async function checkRole(
  role: Role,
  scope: RoleScope,
  probe: RightsProbe,
  user: string,
  isWanted: boolean,
): Promise<Finding> {
  const rights: (readonly [NeededCommand, Right])[] = [];
  for (const command of commandsOf(role, scope)) rights.push([command, await probe.of(command)]);
  const missing = [
    ...new Set(rights.flatMap(([, right]) => (typeof right === 'object' ? right.missing : []))),
  ];
  if (missing.length > 0) {
    const text = `the user ${user} lacks ${missing.join(', ')}`;
    return isWanted ? problem(role, text, adviceOn(user, missing)) : note(role, text);
  }
  const open = rights.flatMap(([{ words, nameRule }, right]) =>
    right === 'unknown'
      ? `+${words[0].toLowerCase()}${nameRule === undefined ? '' : ` with ${nameRule}`}`
      : [],
  );
  if (open.length > 0) {
    return unknown(
      role,
      `not known: ${open.join(', ')}`,
      `Run it as a user with +acl|dryrun, and --acl-user ${user}.`,
    );
  }
  return ok(role, `the user ${user} has every rule${scopeText(role, scope)}`);
}

/** A rule that the user has already does no harm. */
function adviceOn(user: string, missing: readonly string[]): string {
  const rules = missing.join(' ').replaceAll(' or ', ' ');
  return `Run ACL SETUSER ${user} ${rules}, and add it to the ACL file.`;
}

/** Without channels, their rules have not been tested. */
function scopeText(role: Role, { targets }: RoleScope): string {
  const isAboutChannels = role === 'publisher' || role === 'subscriber';
  if (!isAboutChannels) return '';
  const isTested = targets.some(({ subscription: { kind } }) => role === 'subscriber' || kind !== 'pattern');
  return isTested ? '' : ' for its commands; --channel tests those of a channel';
}
