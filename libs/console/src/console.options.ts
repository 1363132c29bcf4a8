import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';

/** Options of {@link EventBusConsoleModule.forRoot}. One of `guards` and `access` is required. */
export interface EventBusConsoleOptions {
  /**
   * Where the page is, without a slash at the end.
   * @default 'event-bus'
   */
  readonly path?: string | undefined;
  /** The heading of the page. @default 'Event bus' */
  readonly title?: string | undefined;
  /**
   * The bus of this application whose Redis and prefix the services report to.
   * @default 'default'
   */
  readonly bus?: string | undefined;
  /** Who may look: guards of the application, as in `@UseGuards()`. They run for every route of the console. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;
  /** `loopback` lets in requests from this machine alone that no proxy has forwarded. */
  readonly access?: 'loopback' | undefined;
  /** Modules whose exports the guards inject. */
  readonly imports?: ModuleMetadata['imports'] | undefined;
  /** Whether who may look may publish, too. @default false */
  readonly allowPublish?: boolean | undefined;
  /** Whether who may look may have the console subscribe to a target. It counts as a subscriber. @default false */
  readonly allowSubscribe?: boolean | undefined;
}

const KNOWN = ['path', 'title', 'bus', 'guards', 'access', 'imports', 'allowPublish', 'allowSubscribe'];
const WHO = `Write EventBusConsoleModule.forRoot({ guards: [AdminGuard] }) with a guard of the application, or EventBusConsoleModule.forRoot({ access: 'loopback' }) for requests from this machine alone.`;

/** The problems of the options, each with what to write instead. Empty if there are none. */
export function consoleOptionProblems(options: unknown): string[] {
  if (typeof options !== 'object' || options === null)
    return [`EventBusConsoleModule.forRoot() takes an object. ${WHO}`];
  const { path, title, bus, guards, access, ...others } = options as Record<string, unknown>;
  const unknown = Object.keys(options).filter((name) => !KNOWN.includes(name));
  const flags = (['allowPublish', 'allowSubscribe'] as const).filter(
    (name) => others[name] !== undefined && typeof others[name] !== 'boolean',
  );
  return [
    ...unknown.map((name) => `${name} is no option of the console. The options are ${KNOWN.join(', ')}.`),
    ...(path === undefined || isPath(path)
      ? []
      : [
          `path ${JSON.stringify(path)}: write a path without parameters, globs, query and slash at its end, such as 'event-bus'.`,
        ]),
    ...(title === undefined || typeof title === 'string' ? [] : ['title must be a text.']),
    ...(bus === undefined || (typeof bus === 'string' && bus !== '')
      ? []
      : ['bus must be the name of a bus.']),
    ...flags.map((name) => `${name} must be true or false.`),
    ...accessProblems(guards, access),
  ];
}

function accessProblems(guards: unknown, access: unknown): string[] {
  if (guards === undefined && access === undefined) return [`Nothing says who may open the console. ${WHO}`];
  if (guards !== undefined && access !== undefined) return [`guards and access exclude each other. ${WHO}`];
  if (access !== undefined && access !== 'loopback') return [`access must be 'loopback'. ${WHO}`];
  if (guards !== undefined && !(Array.isArray(guards) && guards.length > 0 && guards.every(isGuard))) {
    return [`guards must be a list of at least one guard. ${WHO}`];
  }
  return [];
}

function isGuard(guard: unknown): boolean {
  return (
    typeof guard === 'function' ||
    (typeof guard === 'object' && guard !== null && typeof (guard as CanActivate).canActivate === 'function')
  );
}

function isPath(path: unknown): boolean {
  return typeof path === 'string' && /^\/?[\w.~-]+(?:\/[\w.~-]+)*$/.test(path);
}
