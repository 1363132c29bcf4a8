import type { AbstractConnector, Cluster, Redis, RedisOptions } from 'ioredis';
import { Command } from 'ioredis';
import reader from 'ioredis/built/DataHandler.js';

/*
 * The only file that reaches into what ioredis keeps to itself, which test/repo/driver-internals.spec.ts holds. Each name was
 * read in ioredis 5.11 and 6.0 and is the same in both, unless it says otherwise.
 */

/** `condition`: the state of the current connection. The driver makes a new one for each attempt. */
interface Condition {
  auth: unknown;
  subscriber: unknown;
  readonly protocol?: unknown;
  readonly replyMapping?: unknown;
}

/** A command without an answer. */
export interface QueuedCommand {
  readonly command: Command;
  readonly stream: unknown;
  readonly select: number;
}

/** In the order in which they were sent. */
export interface CommandQueue {
  readonly length: number;
  peekFront(): QueuedCommand | undefined;
  shift(): QueuedCommand | undefined;
  unshift(item: QueuedCommand): void;
  toArray(): readonly QueuedCommand[];
}

/** The part that opens the connections of a client. */
export type Connector = Pick<AbstractConnector, 'connect' | 'disconnect'> & {
  firstError?: Error | undefined;
};

/** The part that reads the replies of a connection. */
export interface ReplyReader {
  returnReply(reply: unknown): void;
  returnError(error: Error): void;
  /** Only ioredis 6: messages that RESP3 sends without a request. */
  returnPush?(reply: unknown): void;
}

export interface ReplyReaderSettings {
  readonly stringNumbers?: boolean | undefined;
  /** Only ioredis 6. */
  readonly replyMapping?: unknown;
}

interface Internals {
  readonly condition: Condition;
  readonly commandQueue: CommandQueue;
  readonly connector: Connector;
  setStatus: (status: Redis['status'], detail?: unknown) => void;
}

function internalsOf(redis: Redis): Internals {
  // The types of ioredis hide these, and would conflict with those of `Redis`.
  return redis as unknown as Internals;
}

/** `stream`: the socket of the current attempt. Without it a dead link could not be ended, nor a burst written at once. */
export function streamOf(redis: Pick<Redis, 'stream'>): Redis['stream'] {
  return redis.stream;
}

/**
 * `condition.auth`: the driver has already read its options when an attempt starts. Without it the previous login would be
 * used.
 */
export function setLogin(redis: Redis, { username, password }: Pick<RedisOptions, 'username' | 'password'>) {
  internalsOf(redis).condition.auth = username ? [username, password] : password;
}

/**
 * `condition.subscriber`: the subscriptions that the driver records, `false` if it has none. Without it SlotMoves would not
 * learn of a slot that leaves.
 */
export function subscriptionsOf(redis: Redis): unknown {
  return internalsOf(redis).condition.subscriber;
}

/** `condition.subscriber`: without it the messages of all subscriptions are lost when one answer counts 0, see SubscriberMode. */
export function setSubscriptions(redis: Redis, subscriptions: unknown): void {
  internalsOf(redis).condition.subscriber = subscriptions;
}

/**
 * `condition.protocol`, of ioredis 6: 3 if the server has accepted RESP3. Without it a message could not be distinguished from a
 * reply that looks like one.
 */
export function speaksResp3(redis: Redis): boolean {
  return internalsOf(redis).condition.protocol === 3;
}

/** `condition.replyMapping`, of ioredis 6: without it our reader would return the maps of RESP3 in another form. */
export function readerOptionsOf(redis: Redis): ReplyReaderSettings {
  const { replyMapping } = internalsOf(redis).condition;
  return { stringNumbers: redis.options.stringNumbers, replyMapping };
}

/**
 * `commandQueue`: replaced with each connection. Without it, nothing shows whether an answer is outstanding, and for which
 * command.
 */
export function queueOf(redis: Redis): CommandQueue {
  return internalsOf(redis).commandQueue;
}

/** `connector`: without it, credentials could not be requested before a connection is opened. */
export function connectorOf(redis: Redis): Connector {
  return internalsOf(redis).connector;
}

/** `setStatus`: without it a client reports its state through a `process.nextTick` that a test may have faked, and so never. */
export function replaceSetStatus(redis: Redis, setStatus: Internals['setStatus']): void {
  internalsOf(redis).setStatus = setStatus;
}

/** `startupNodes` of a Cluster client: without it, its addresses would have to be given again. */
export function startupNodesOf(cluster: Cluster): readonly (string | number | RedisOptions)[] {
  // The types hide them.
  return (cluster as unknown as { startupNodes: readonly (string | number | RedisOptions)[] }).startupNodes;
}

interface DriverReaderClass {
  new (redis: Redis, options: ReplyReaderSettings): ReplyReader;
  readonly prototype: ReplyReader;
}

/**
 * `DataHandler`: without it an odd reply makes the driver throw where the error cannot be caught, see ReplyGuard. Node imports
 * the module, Bun and code that Jest has compiled to CommonJS the class itself.
 */
export const DriverReader: DriverReaderClass = ('default' in reader ? reader.default : reader) as never;

/**
 * A command whose replies are text, or Buffers if the encoding is null.
 *
 * `setReplyContext`, of ioredis 6: an application's client may be version 6 while ours is 5, whose commands do not know the
 * reply mapping. Without it that client throws at each of them.
 */
export function commandOf(name: string, args: (string | Buffer)[], replyEncoding: 'utf8' | null): Command {
  const command = new Command(name, args, { replyEncoding });
  // The types are those of ioredis 5, which does not have it.
  (command as unknown as { setReplyContext?: () => void }).setReplyContext ??= () => undefined;
  return command;
}
