import type { EventTransport } from '../transports/event.transport.js';
import type { Command, CommandCall } from './command.js';
import { inCommandLineWords } from './command.words.js';
import { nodesOf } from './doctor/cluster.nodes.js';
import type { ExaminationPlan } from './doctor/examination.js';
import { clientOf, examine } from './doctor/examination.js';
import type { NodeFinding } from './doctor/finding.js';
import { Findings, ok, problem } from './doctor/finding.js';
import type { Role } from './doctor/role.rules.js';
import { ROLES } from './doctor/role.rules.js';
import { checkRoundTrips } from './doctor/round.trips.js';
import { EXIT_CODES } from './exit.codes.js';
import type { ExitCode } from './exit.codes.js';
import { withTransport } from './opened.transport.js';
import type { ServerAddress } from './server.address.js';
import { readTargets } from './target.arguments.js';
import { UsageError } from './usage.error.js';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Finds out whether services can work with this Redis.',
  args: '',
  options: {
    for: {
      type: 'string',
      multiple: true,
      value: '<role>',
      text: `What the user is for: ${ROLES.join(', ')}. May be repeated. Default: publisher and subscriber.`,
    },
    channel: {
      type: 'string',
      multiple: true,
      value: '<target>',
      text: 'A channel or a glob of the service, to test the rules for it. May be repeated.',
    },
    shard: { type: 'boolean', text: 'The channels are shard channels.' },
    'acl-user': {
      type: 'string',
      value: '<name>',
      text: 'Test the rules of this user, as one who may run ACL DRYRUN.',
    },
  },
  help: [
    'Connects as a service does, and checks TLS, the user and its ACL rules, the version and the settings of Redis,\nthe state of a Cluster and the time of a round trip. Says for each finding what to do.',
    'It changes nothing: it publishes nothing, and subscribes to no channel of a service. What cannot be tested so\nis not known. The ACL log of Redis shows what the user was denied.',
    'Exit codes: 0 no finding, 1 findings, 2 wrong arguments.',
  ],
  examples: [
    'doctor',
    `doctor --for subscriber --channel 'orders:*'`,
    'doctor --acl-user orders --for publisher',
  ],
  run: doctor,
};

async function doctor(call: CommandCall): Promise<ExitCode> {
  const { values, terminal } = call;
  const plan = readPlan(call);
  const findings = new Findings();
  await examineAll(call, plan, findings);
  const { all } = findings;
  for (const finding of all) {
    terminal.print(values['json'] === true ? JSON.stringify(finding) : lineOf(finding));
  }
  const { length } = all.filter(({ state }) => state === 'finding');
  if (values['json'] !== true) terminal.print(`${length} ${length === 1 ? 'finding' : 'findings'}.`);
  return length === 0 ? EXIT_CODES.success : EXIT_CODES.failure;
}

async function examineAll(call: CommandCall, plan: ExaminationPlan, findings: Findings): Promise<void> {
  const { server } = call;
  let nodes: readonly ServerAddress[] = server.topology === 'cluster' ? server.addresses : [];
  try {
    await opened(call, server.transport, async (transport) => {
      const tls = transport.usesTls === true ? 'with TLS' : 'without TLS';
      findings.add([ok('connection', `${transport.address} ${tls}`), await checkRoundTrips(transport)]);
      if (server.topology !== 'cluster') findings.add(await examine(transport, server, plan));
      else nodes = await nodesOf(clientOf(transport), server.timeoutMs);
    });
  } catch (error) {
    findings.add([unreachable(error)]);
  }
  for (const node of nodes) {
    const name = `${node.host}:${node.port}`;
    try {
      const found = await opened(call, server.node(node), (transport) => examine(transport, server, plan));
      findings.add(found, name);
    } catch (error) {
      findings.add([unreachable(error)], name);
    }
  }
}

function opened<T>(
  { server, terminal }: CommandCall,
  transport: CommandCall['server']['transport'],
  use: (transport: EventTransport) => Promise<T>,
): Promise<T> {
  // What it warns of is found by a check.
  return withTransport({ ...server, transport }, terminal, { warned: () => undefined }, use);
}

function unreachable(error: unknown) {
  const message = inCommandLineWords((error as Error).message);
  return problem('connection', message, 'Correct the options, or start Redis; nothing else can be checked.');
}

/** `finding    publisher      the user orders lacks +publish. Run ACL SETUSER …` */
function lineOf({ check, state, text, advice, nodes }: NodeFinding): string {
  const where = nodes.length === 0 ? '' : ` (${nodes.join(', ')})`;
  const label = state === 'unknown' ? 'not known' : state;
  return `${label.padEnd(10)} ${check.padEnd(14)} ${text}${where}${advice === undefined ? '' : `. ${advice}`}`;
}

/** @throws UsageError */
function readPlan({ values, args, server }: CommandCall): ExaminationPlan {
  if (args.length > 0) throw new UsageError('doctor takes no arguments. Write --url redis://host:6379.');
  const roles = (values['for'] ?? ['publisher', 'subscriber']) as readonly string[];
  if (!roles.every(isRole))
    throw new UsageError(`--for takes one of ${ROLES.join(', ')}. Repeat it for several.`);
  const isShard = values['shard'] === true;
  const targets = readTargets((values['channel'] ?? []) as readonly string[], server.prefix, isShard);
  const scope = { targets, isShard, prefix: server.prefix.prefix, database: server.database };
  return { roles, scope, aclUser: values['acl-user'] as string | undefined };
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
