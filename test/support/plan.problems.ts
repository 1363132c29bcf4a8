import { targetKey } from '../../libs/event-bus/src/routing/subscription-target.js';
import type { Binding } from '../../libs/event-bus/src/plan/binding.list.js';
import type { PlannedSubscription } from '../../libs/event-bus/src/plan/planned.subscription.js';

type Rule = readonly [isBroken: boolean, problem: string];

/** The parts of a plan that have to agree. */
export interface PlanParts<C> {
  readonly bindingsOf: ReadonlyMap<C, readonly Binding<C>[]>;
  readonly missing: ReadonlySet<PlannedSubscription<C>>;
  readonly retiring: ReadonlySet<PlannedSubscription<C>>;
  all(): readonly PlannedSubscription<C>[];
}

/** What contradicts itself in a plan: nothing, unless it is broken. */
export function planProblems<C>(plan: PlanParts<C>): string[] {
  const { bindingsOf, missing, retiring } = plan;
  const all = plan.all();
  const known = new Set(all);
  const strangers = [...missing, ...retiring].filter((subscription) => !known.has(subscription));
  return [
    ...all.flatMap((subscription) => [
      ...broken(subscription, demandRules(subscription, plan)),
      ...broken(subscription, serviceRules(subscription, known)),
      ...broken(subscription, coverRules(subscription)),
      ...broken(subscription, handOverRules(subscription)),
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

function broken<C>({ target, phase }: PlannedSubscription<C>, rules: readonly Rule[]): string[] {
  return rules.flatMap(([isBroken, problem]) =>
    isBroken ? [`${targetKey(target)} (${phase}) ${problem}`] : [],
  );
}

function demandRules<C>(
  subscription: PlannedSubscription<C>,
  { bindingsOf, missing, retiring }: PlanParts<C>,
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
