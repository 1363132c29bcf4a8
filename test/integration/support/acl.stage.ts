import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { jest } from '@jest/globals';
import type { EventBusModuleOptions, TransportFactory } from 'nestjs-redis-event-bus';
import { EventBusModule } from 'nestjs-redis-event-bus';
import type { AclPlace, AclUser } from '../../support/acl.document.js';
import { aclUsers, grantsOf } from '../../support/acl.document.js';
import { AclWatch, denialFor } from '../../support/acl.watch.js';
import { Escapes } from '../../support/escapes.js';
import { eventually } from '../../support/eventually.js';
import { LogLines } from '../../support/log.lines.js';
import type { RedisServer } from '../../support/redis.server.js';

/** What a service does in its life. */
export interface AclRole {
  readonly handlers?: readonly Type[];
  readonly imports?: readonly DynamicModule[];
  readonly options?: Partial<EventBusModuleOptions>;
  act?(app: INestApplicationContext): Promise<unknown>;
}

export interface AclStageOptions {
  readonly place: AclPlace;
  readonly roles: Readonly<Record<string, AclRole>>;
  /** Each has to know the users. Called when they run. */
  readonly servers: () => readonly RedisServer[];
  /** Leads there, as this user. */
  readonly transportFor: (user: AclUser) => TransportFactory;
}

export interface AclService {
  readonly app: INestApplicationContext;
  readonly log: LogLines;
}

/** Where services run as the users of docs/security.md. What they leave is closed after each test. */
export class AclStage {
  readonly users: ReadonlyMap<string, AclUser>;
  readonly roles: Readonly<Record<string, AclRole>>;
  private readonly closers: (() => unknown)[] = [];

  constructor(private readonly options: AclStageOptions) {
    this.users = aclUsers(options.place);
    this.roles = options.roles;
    const escapes = new Escapes();
    beforeEach(() => {
      escapes.listen();
      // Where ioredis may not ask INFO, it tells the console.
      jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    });
    afterEach(async () => {
      for (const close of this.closers.splice(0).reverse()) await close();
      jest.restoreAllMocks();
      const escaped = await escapes.take();
      escapes.release();
      expect(escaped).toEqual([]);
    });
  }

  get watch(): AclWatch {
    return new AclWatch(this.options.servers());
  }

  /** Called after the test. */
  afterwards(close: () => unknown): void {
    this.closers.push(close);
  }

  userOf(role: string): AclUser {
    const user = this.users.get(role);
    if (user === undefined) throw new Error(`docs/security.md has no line for ${role}.`);
    return user;
  }

  async start(
    user: AclUser,
    { handlers = [], imports = [], options }: AclRole = {},
    startup: EventBusModuleOptions['startup'] = {},
  ): Promise<AclService> {
    const log = new LogLines();
    const transport = this.options.transportFor(user);
    @Module({
      imports: [EventBusModule.forRoot({ transport, startup, ...options }), ...imports],
      providers: [...handlers],
    })
    class Service {}
    const app = await NestFactory.createApplicationContext(Service, { logger: log, abortOnError: false });
    this.afterwards(() => app.close());
    return { app, log };
  }

  /** The whole life of a service: its start, its work, a heartbeat on each connection, its end. */
  async live(roleName: string, user = this.userOf(roleName)): Promise<LogLines> {
    const role = this.roles[roleName] ?? {};
    await this.watch.forget();
    const { app, log } = await this.start(user, role);
    await role.act?.(app);
    // Of the connection that publishes, and of the one that subscribes.
    const beats = ['ping', 'unsubscribe'];
    await eventually(async () =>
      expect([...(await this.watch.commandsAsked()).keys()]).toEqual(expect.arrayContaining(beats)),
    );
    await app.close();
    return log;
  }
}

/** The promises of the lines for one place: they are enough, and not too much. */
export function describeAclLines(stage: AclStage): void {
  const { users, roles } = stage;

  it('have a test for each role', () => {
    expect([...users.keys()]).toEqual(Object.keys(roles));
  });

  it.each(Object.keys(roles))(
    'are enough for the life of the %s, which uses every one of them',
    async (role) => {
      const user = stage.userOf(role);
      await stage.watch.allow(user);
      const log = await stage.live(role);
      expect(await stage.watch.denials(user)).toEqual([]);
      const asked = await stage.watch.commandsAsked();
      const commands = grantsOf(user).filter((rule) => rule.startsWith('+'));
      expect(commands.filter((command) => asked.get(command.slice(1)) !== true)).toEqual([]);
      expect(log.troubles.join('\n')).not.toContain('NOPERM');
      expect(console.warn).not.toHaveBeenCalled();
    },
  );

  const needed = [...users].flatMap(([role, user]) => grantsOf(user).map((rule) => ({ role, rule })));
  it.each(needed)('do not work for the $role without $rule', async ({ role, rule }) => {
    const user = stage.userOf(role);
    await stage.watch.allow(user, rule);
    await stage.live(role).catch(() => undefined);
    await eventually(async () =>
      expect((await stage.watch.denials(user)).join('\n')).toContain(denialFor(rule)),
    );
  });
}
