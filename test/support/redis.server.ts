import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { certificateFiles } from './certificate.files.js';
import type { CertificateAuthority } from './certificates.js';
import { guardChild } from './child.guard.js';
import { freePort } from './free.port.js';
import { type RespCommand, RespError, type RespReply, runCommands } from './resp.client.js';

const READY_WITHIN_MS = 10_000;
const PORT_ATTEMPTS = 5;
const ADDRESS_IN_USE = /Address already in use/;

export interface RedisServerOptions {
  /** Put after the defaults (loopback only, no persistence, a directory of its own), and stronger than they are. */
  readonly args?: readonly string[];
  /** @default a free one */
  readonly port?: number;
  /** Sets `requirepass`; `url` and `cli` then carry it. */
  readonly password?: string;
  /** Text of a configuration file, which `--sentinel` asks for: `{ config: 'sentinel monitor …', args: ['--sentinel'] }`. */
  readonly config?: string;
  /** Signs its certificate, good for 127.0.0.1: it speaks TLS alone, to its replicas, its Cluster and its master as well. */
  readonly authority?: CertificateAuthority;
}

/**
 * A real redis-server on loopback, one child process.
 *
 * @example
 * let redis: RedisServer;
 * beforeAll(async () => { redis = await RedisServer.start(); });
 * afterAll(() => redis.stop());
 */
export class RedisServer {
  private child: ChildProcess | undefined;
  private output = '';
  /** Settings, when it speaks TLS. */
  private certificate: Readonly<Record<string, string>> = {};

  private constructor(
    readonly port: number,
    readonly directory: string,
    private readonly options: RedisServerOptions,
  ) {}

  /**
   * Resolves when the server answers PING.
   *
   * @throws when it ends before that, with what it printed.
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt += 1) {
      const directory = await mkdtemp(join(tmpdir(), 'redis-server-'));
      const server = new RedisServer(options.port ?? (await freePort()), directory, options);
      try {
        if (options.authority !== undefined)
          server.certificate = await certificateFiles(options.authority, directory);
        if (options.config !== undefined) await writeFile(join(directory, 'redis.conf'), options.config);
        await server.run();
        return server;
      } catch (error) {
        await server.stop();
        const taken = options.port === undefined && ADDRESS_IN_USE.test(server.output);
        if (!taken || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  get url(): string {
    const { password, authority } = this.options;
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `${authority === undefined ? 'redis' : 'rediss'}://${credentials}127.0.0.1:${this.port}`;
  }

  /** It has a process, be it one that SIGSTOP holds. */
  get isRunning(): boolean {
    return this.child !== undefined && !hasExited(this.child);
  }

  /** @throws when the server is not running. */
  get pid(): number {
    if (this.child?.pid === undefined || hasExited(this.child)) {
      throw new Error(`The redis-server on port ${this.port} is not running.`);
    }
    return this.child.pid;
  }

  /**
   * Runs one command on a connection of its own and resolves with its reply.
   *
   * @throws {RespError} when the server refuses it.
   */
  async cli(...command: RespCommand): Promise<RespReply> {
    const [reply] = await this.cliAll([command]);
    return reply!;
  }

  /** As {@link cli}, several on one connection. */
  async cliAll(commands: readonly RespCommand[]): Promise<RespReply[]> {
    const login = this.login();
    const replies = await runCommands(this.port, [...login, ...commands], this.options.authority?.cert);
    return replies.slice(login.length);
  }

  /** Resolves when the process has exited (SIGKILL, SIGTERM, SIGINT), at once for a signal that it survives. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (!child || hasExited(child)) return;
    child.kill(signal);
    if (!['SIGKILL', 'SIGTERM', 'SIGINT'].includes(signal)) return;
    await once(child, 'exit');
  }

  /** Starts again on the same port, empty; ends the process first if it still runs. */
  async restart(): Promise<void> {
    await this.kill();
    await this.run();
  }

  /** Ends the process (also one that SIGSTOP holds), awaits its exit and removes its directory. Idempotent. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    this.output = '';
    const child = spawn('redis-server', this.commandLine(), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-10_000);
      });
    }
    const outputRead = new Promise((resolve) => child.once('close', resolve));
    if (child.pid !== undefined) child.once('exit', guardChild(child.pid, this.directory));

    const startedAtMs = performance.now();
    while (!(await this.answers(child.pid))) {
      if (failure) throw new Error('redis-server cannot be run. Is it installed?', { cause: failure });
      if (hasExited(child)) {
        await outputRead;
        throw this.startFailure(`exited with ${child.exitCode ?? child.signalCode}`);
      }
      if (performance.now() - startedAtMs > READY_WITHIN_MS) {
        throw this.startFailure(`did not answer PING within ${READY_WITHIN_MS} ms`);
      }
      await delay(5);
    }
  }

  private commandLine(): string[] {
    const { args = [], config, password } = this.options;
    const file = config === undefined ? [] : [join(this.directory, 'redis.conf')];
    const place = ['--bind', '127.0.0.1', '--dir', this.directory, ...this.listening()];
    const persistence = ['--save', '', '--appendonly', 'no'];
    // The default since Redis 7.0: a new user may use no channel.
    const users = ['--acl-pubsub-default', 'resetchannels'];
    const secret = password === undefined ? [] : ['--requirepass', password];
    return [...file, ...place, ...persistence, ...users, ...secret, ...args];
  }

  private listening(): string[] {
    if (this.options.authority === undefined) return ['--port', String(this.port)];
    const settings = {
      port: '0',
      'tls-port': String(this.port),
      'tls-auth-clients': 'no',
      'tls-replication': 'yes',
      'tls-cluster': 'yes',
      ...this.certificate,
    };
    return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  }

  private async answers(pid: number | undefined): Promise<boolean> {
    try {
      const replies = await this.cliAll([['PING'], ['INFO', 'server']]);
      // Another server may hold the port; ours is about to exit then.
      return String(replies.at(-1)).includes(`process_id:${pid}\r\n`);
    } catch (error) {
      // A server that wants a password is up, one that loads its data is not.
      return error instanceof RespError && !error.message.startsWith('LOADING');
    }
  }

  private login(): string[][] {
    const { password } = this.options;
    return password === undefined ? [] : [['AUTH', password]];
  }

  private startFailure(what: string): Error {
    return new Error(`redis-server on port ${this.port} ${what}. Its output:\n${this.output.trim()}`);
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
