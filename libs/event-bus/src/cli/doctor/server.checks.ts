import { missingFlags } from '../../keyspace/keyspace.flags.js';
import type { Finding } from './finding.js';
import { note, ok, problem, unknown } from './finding.js';
import type { ServerQuestions } from './server.questions.js';

/** The default of `maxPayloadBytes`. */
const LARGEST_EVENT_BYTES = 1024 * 1024;
const MAY_NOT_READ = 'not known: the user may not read it (+config|get)';

/** Which server it is, and what it cannot do. */
export async function checkVersion(questions: ServerQuestions): Promise<Finding> {
  const info = await questions.fields('INFO', 'server');
  if (info === undefined) return unknown('version', 'not known: the user may not ask (+info)');
  const valkey = info.get('valkey_version');
  const version = valkey ?? info.get('redis_version');
  if (version === undefined) return unknown('version', 'not known: INFO does not tell it');
  const name = `${valkey === undefined ? 'Redis' : 'Valkey'} ${version}`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    return problem('version', `${name} is too old`, 'Use Redis 6.2 or later, 7.0 for shard channels.');
  }
  return major < 7
    ? note('version', `${name} has no shard channels and no ACL DRYRUN: they need 7.0`)
    : ok('version', name);
}

/** Whether the server is one that services publish to. */
export async function checkServerRole(
  questions: ServerQuestions,
  topology: 'server' | 'cluster' | 'sentinel',
): Promise<readonly Finding[]> {
  const [replication, cluster] = [
    await questions.fields('INFO', 'replication'),
    await questions.fields('INFO', 'cluster'),
  ];
  const found: Finding[] = [];
  if (replication?.get('role') === 'slave' && topology !== 'cluster') {
    const text = 'this is a replica: events published here only reach its own subscribers';
    found.push(problem('role', text, 'Connect to the master, or through Sentinel.'));
  }
  if (cluster?.get('cluster_enabled') === '1' && topology !== 'cluster') {
    found.push(
      problem('role', 'this is a node of a Cluster', 'Write --cluster, and redisCluster() in the service.'),
    );
  }
  return found;
}

/** Which key events the server publishes. */
export async function checkNotifications(questions: ServerQuestions, isWanted: boolean): Promise<Finding> {
  const check = 'notifications';
  const flags = await questions.setting('notify-keyspace-events');
  if (flags === undefined) return unknown(check, MAY_NOT_READ);
  const missing = missingFlags(flags, 'Ex');
  if (missing === '') return ok(check, `notify-keyspace-events is ${flags}`);
  const text =
    flags === ''
      ? 'Redis publishes no key events'
      : `notify-keyspace-events is ${flags}, without expired keys`;
  return isWanted
    ? problem(
        check,
        text,
        `Run CONFIG SET notify-keyspace-events ${flags}${missing}, or what your handlers need.`,
      )
    : note(check, text);
}

/** At which size of its output buffer Redis ends the connection of a subscriber. */
export async function checkOutputLimits(questions: ServerQuestions): Promise<Finding> {
  const check = 'output-limits';
  const setting = await questions.setting('client-output-buffer-limit');
  if (setting === undefined) return unknown(check, MAY_NOT_READ);
  const [, hard = '', soft = '', seconds = ''] = /\bpubsub (\d+) (\d+) (\d+)/.exec(setting) ?? [];
  const limits = [hard, soft].map(Number).filter((limit) => limit > 0);
  if (limits.length === 0) {
    return note(check, 'no limit: the events of a subscriber that does not read fill the memory of Redis');
  }
  const text = `client-output-buffer-limit pubsub is ${hard} ${soft} ${seconds}`;
  return Math.min(...limits) < LARGEST_EVENT_BYTES
    ? problem(
        check,
        `${text}: an event of 1 MiB ends the connection of its subscribers`,
        'Run CONFIG SET client-output-buffer-limit "pubsub 32mb 8mb 60", or lower maxPayloadBytes.',
      )
    : ok(check, text);
}

/** The bus needs no scripts; applications may. */
export async function checkScripts(questions: ServerQuestions): Promise<Finding> {
  const answer = await questions.ask('EVAL', 'return 1', '0');
  return 'reply' in answer
    ? ok('scripts', 'EVAL is allowed')
    : note('scripts', 'EVAL is not allowed, and the bus does not need it');
}

/** Whether every slot has a master. */
export async function checkCluster(questions: ServerQuestions): Promise<Finding> {
  const info = await questions.fields('CLUSTER', 'INFO');
  const state = info?.get('cluster_state');
  if (info === undefined || state === undefined)
    return unknown('cluster-state', 'not known: the user may not ask (+cluster|info)');
  const text = `cluster_state:${state}, ${info.get('cluster_slots_ok')} of 16384 slots, ${info.get('cluster_size')} masters`;
  return state === 'ok' && info.get('cluster_slots_ok') === '16384'
    ? ok('cluster-state', text)
    : problem(
        'cluster-state',
        text,
        'Run redis-cli --cluster check with a node, and bring back the masters of all slots.',
      );
}
