import { targetKey } from '../routing/subscription-target.js';
import type { Binding } from './binding.list.js';
import type { PlannedSubscription } from './planned.subscription.js';

type Rule = readonly [isBroken: boolean, problem: string];

/** What contradicts itself in who asks for what, and in what the broker is to be told. */
export function demandProblems<C>(
  all: readonly PlannedSubscription<C>[],
  bindingsOf: ReadonlyMap<C, readonly Binding<C>[]>,
  missing: ReadonlySet<PlannedSubscription<C>>,
  retiring: ReadonlySet<PlannedSubscription<C>>,
): string[] {
  const known = new Set(all);
  const strangers = [...missing, ...retiring].filter((subscription) => !known.has(subscription));
  return [
    ...all.flatMap((subscription) => [
      ...broken(subscription, demandRules(subscription, bindingsOf, missing, retiring)),
      ...broken(subscription, serviceRules(subscription, known)),
    ]),
    ...strangers.flatMap((stranger) => broken(stranger, [[true, 'is to be told of, and is not planned']])),
    ...[...bindingsOf.values()].flat().flatMap((binding) =>
      broken(binding.subscription, [
        [!binding.subscription.bindings.has(binding), 'does not know one who asks for it'],
        [!known.has(binding.subscription), 'is asked for and not planned'],
      ]),
    ),
  ];
}

/** What contradicts itself in what covers what, and in who serves next. */
export function coverProblems<C>(all: readonly PlannedSubscription<C>[]): string[] {
  return all.flatMap((subscription) => [
    ...broken(subscription, coverRules(subscription)),
    ...broken(subscription, handOverRules(subscription)),
  ]);
}

function broken<C>({ target, phase }: PlannedSubscription<C>, rules: readonly Rule[]): string[] {
  return rules.flatMap(([isBroken, problem]) =>
    isBroken ? [`${targetKey(target)} (${phase}) ${problem}`] : [],
  );
}

function demandRules<C>(
  subscription: PlannedSubscription<C>,
  bindingsOf: ReadonlyMap<C, readonly Binding<C>[]>,
  missing: ReadonlySet<PlannedSubscription<C>>,
  retiring: ReadonlySet<PlannedSubscription<C>>,
): Rule[] {
  const { bindings, isNeeded, isWanted, isLeaving, phase } = subscription;
  const isIdle = phase === 'idle';
  return [
    [!isWanted && isIdle, 'is planned, and nobody wants it or holds it'],
    [
      missing.has(subscription) !== (isNeeded && isIdle),
      'is asked for exactly when it is needed and idle: not so',
    ],
    [
      retiring.has(subscription) !== (!isNeeded && !isIdle && !isLeaving),
      'retires exactly when it is held and not needed: not so',
    ],
    [
      [...bindings].some((binding) => !bindingsOf.get(binding.consumer)?.includes(binding)),
      'is asked for by somebody who is not there',
    ],
  ];
}

function serviceRules<C>(
  subscription: PlannedSubscription<C>,
  known: ReadonlySet<PlannedSubscription<C>>,
): Rule[] {
  const { isNew, isWanted, root, server } = subscription;
  return [
    [!isWanted && server !== undefined, 'is served, and nobody wants it'],
    [isWanted && root.isLive && server === undefined, 'is not served, though what it needs is live'],
    [server !== undefined && !server.isDelivering, 'is served by one that delivers nothing'],
    [server !== undefined && !known.has(server), 'is served by one that is not planned'],
    [
      server !== undefined &&
        server !== subscription &&
        server !== root &&
        !server.shape.covers(subscription.shape),
      'is served by one that does not cover it',
    ],
    [isNew && server === undefined, 'is new, and nobody serves it'],
    [
      [...subscription.served()].some((other) => other.server !== subscription),
      'serves one that another one serves',
    ],
  ];
}

function coverRules<C>(subscription: PlannedSubscription<C>): Rule[] {
  const { covered = new Set(), isShared, isWanted, root, shape } = subscription;
  const isRoot = root === subscription;
  return [
    [!isWanted && (!isRoot || covered.size > 0), 'covers or is covered, and nobody wants it'],
    [!isRoot && !root.covered?.has(subscription), 'is not known to its root'],
    [!isRoot && (!root.isNeeded || !isShared || !root.isShared), 'has a root that is none'],
    [!isRoot && root.phase === 'denied', 'has a root that is denied'],
    [!isRoot && !root.shape.covers(shape), 'has a root that does not cover it'],
    [[...covered].some((other) => other.root !== subscription), 'covers one that has another root'],
  ];
}

function handOverRules<C>(subscription: PlannedSubscription<C>): Rule[] {
  const { server, successor, successorOf = new Set() } = subscription;
  return [
    [successor !== undefined && !successor.successorOf?.has(subscription), 'is not known to its successor'],
    [successor !== undefined && server?.isLeaving !== true, 'has a successor, and its server stays'],
    [[...successorOf].some((other) => other.successor !== subscription), 'is to serve one that has another'],
  ];
}
