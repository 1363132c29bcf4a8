import type { DriverFacet, EventTransport } from '../../transports/event.transport.js';
import type { ServerAccess } from '../server.access.js';
import type { Finding } from './finding.js';
import { note, ok, unknown } from './finding.js';
import { RightsProbe } from './rights.probe.js';
import { checkRole } from './role.check.js';
import type { Role, RoleScope } from './role.rules.js';
import { ROLES } from './role.rules.js';
import {
  checkCluster,
  checkNotifications,
  checkOutputLimits,
  checkScripts,
  checkServerRole,
  checkVersion,
} from './server.checks.js';
import type { RawClient } from './server.questions.js';
import { ServerQuestions } from './server.questions.js';

/** What `doctor` is asked to find out. */
export interface ExaminationPlan {
  /** The roles whose missing rules are findings. */
  readonly roles: readonly Role[];
  readonly scope: RoleScope;
  /** The user whose rules are tested, if it is not that of the connection. */
  readonly aclUser: string | undefined;
}

/**
 * All checks of one server.
 *
 * @throws Error when the server does not answer
 */
export async function examine(
  transport: EventTransport,
  { topology, username, timeoutMs, hasPassword }: ServerAccess,
  { roles, scope, aclUser }: ExaminationPlan,
): Promise<readonly Finding[]> {
  const questions = new ServerQuestions(clientOf(transport), timeoutMs);
  const found: Finding[] = [await checkVersion(questions), ...(await checkServerRole(questions, topology))];
  const own = await userOf(questions, username);
  found.push(
    own.isKnown ? ok('user', own.name) : unknown('user', `not known: the user may not ask (+acl|whoami)`),
  );
  if (own.name === 'default' && !hasPassword) {
    found.push(
      note('user', 'the user default without a password: every host that reaches Redis may do everything'),
    );
  }
  const user = aclUser ?? own.name;
  const probe = new RightsProbe(questions, transport, user, user !== own.name);
  const ofCluster: readonly Role[] = topology === 'cluster' ? ['cluster'] : [];
  for (const role of [...ROLES, ...ofCluster]) {
    const isWanted = role === 'cluster' || roles.includes(role);
    found.push(await checkRole(role, scope, probe, user, isWanted));
  }
  found.push(await checkNotifications(questions, roles.includes('key-events')));
  found.push(await checkOutputLimits(questions), await checkScripts(questions));
  if (topology === 'cluster') found.push(await checkCluster(questions));
  return found;
}

/** The client of the driver that publishes. */
export function clientOf(transport: EventTransport): RawClient {
  const [client] = (transport as Required<DriverFacet>).unwrap() as [RawClient];
  return client;
}

async function userOf(
  questions: ServerQuestions,
  given: string | undefined,
): Promise<{ readonly name: string; readonly isKnown: boolean }> {
  const answer = await questions.ask('ACL', 'WHOAMI');
  return 'reply' in answer
    ? { name: String(answer.reply), isKnown: true }
    : { name: given ?? 'default', isKnown: given !== undefined };
}
