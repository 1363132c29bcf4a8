import type { KeyEvent } from '../routing/key-event.channel.js';
import { keyEventChannel } from '../routing/key-event.channel.js';
import { nameProblem } from '../routing/name.problem.js';
import { RedisGlob, globProblems } from '../routing/redis-glob.js';

/** One @OnKeyEvent on one method, as written. */
export interface KeyEventDeclaration {
  readonly events: readonly string[];
  readonly key: string | undefined;
  readonly db: number | undefined;
}

/** The subscription target; `database` is that of the bus. */
export function channelsOf({ events, db }: KeyEventDeclaration, database: number): string[] {
  return events.map((event) => keyEventChannel(event, db ?? database));
}

/** Whether one of the declarations matches this {@link KeyEvent}. */
export function keyEventFilter(
  declarations: readonly KeyEventDeclaration[],
  database: number,
): (payload: unknown) => boolean {
  const filters = declarations.map(({ events, key, db }) => {
    const glob = key === undefined ? undefined : new RedisGlob(key);
    return (event: KeyEvent) =>
      event.db === (db ?? database) &&
      (events.includes(event.event) || events.includes('*')) &&
      (glob === undefined || glob.matches(event.key));
  });
  return (payload) => filters.some((accepts) => accepts(payload as KeyEvent));
}

/** The problems of one declaration, each with what to write instead. */
export function keyEventProblems({ events, key, db }: KeyEventDeclaration): string[] {
  if (!Array.isArray(events) || events.length === 0) {
    return ["it has no event. Write @OnKeyEvent('expired') or @OnKeyEvent(['expired', 'del'])."];
  }
  return [
    ...events
      .filter((event) => typeof event !== 'string' || !/^([\w-]+|\*)$/.test(event))
      .map(
        (event) => `event ${JSON.stringify(event)}: write an event name of Redis, such as 'expired', or '*'.`,
      ),
    ...(key === undefined ? [] : keyProblems(key)),
    ...(db === undefined || (Number.isSafeInteger(db) && db >= 0)
      ? []
      : ['db must be a database number, starting at 0.']),
  ];
}

function keyProblems(key: unknown): string[] {
  if (typeof key !== 'string' || key === '') return ["key must be a Redis glob, e.g. 'session:*'."];
  const ofName = nameProblem(key);
  return (ofName === undefined ? globProblems(key) : [ofName]).map(
    (problem) => `key ${JSON.stringify(key)}: ${problem}`,
  );
}
