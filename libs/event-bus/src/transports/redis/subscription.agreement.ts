import type { SubscriptionInfo, SubscriptionTarget } from '../event.transport.js';

/** Everything that says of one connection whether a subscription delivers now. */
export interface SubscriptionParts {
  /** What is wanted, and what the broker has answered. */
  readonly table: { list(): readonly SubscriptionInfo[] };
  /** What is passed on. */
  readonly gate: {
    readonly targets: readonly SubscriptionTarget[];
    isOpen(target: SubscriptionTarget): boolean;
  };
  /** What the broker must hold. */
  readonly ledger: { has(target: SubscriptionTarget): boolean };
}

/** What hears of confirmations and releases, and serves handlers by it. */
export interface ServingPlan {
  /** Of these phases, `live` and `leaving` say that the broker delivers. */
  states(): readonly { readonly target: SubscriptionTarget; readonly phase: string }[];
}

/** Where they contradict each other, for a developer. Empty when they agree. Looks at all targets: for tests and debugging. */
export function disagreementsOf(
  { table, gate, ledger }: SubscriptionParts,
  plan?: ServingPlan,
): readonly string[] {
  const found: string[] = [];
  for (const { target, state } of table.list()) {
    const name = nameOf(target);
    if (state === 'active' && !gate.isOpen(target)) found.push(`${name} is active, and not passed on`);
    if (state === 'active' && !ledger.has(target)) found.push(`${name} is active, and not counted`);
    if (state === 'denied' && gate.isOpen(target)) found.push(`${name} is denied, and passed on`);
  }
  return plan === undefined ? found : [...found, ...disagreementsWith(plan, gate)];
}

function disagreementsWith(plan: ServingPlan, { targets }: SubscriptionParts['gate']): readonly string[] {
  const serving = plan.states().filter(({ phase }) => phase === 'live' || phase === 'leaving');
  const served = new Set(serving.map(({ target }) => nameOf(target)));
  const opened = new Set(targets.map(nameOf));
  return [
    ...[...served]
      .filter((name) => !opened.has(name))
      .map((name) => `${name} serves by the plan, and is not passed on`),
    ...[...opened]
      .filter((name) => !served.has(name))
      .map((name) => `${name} is passed on, and serves nobody by the plan`),
  ];
}

function nameOf({ kind, name }: SubscriptionTarget): string {
  return `${kind} ${name}`;
}

/**
 * An internal switch for debugging, read once: with EVENT_BUS_CHECK_SUBSCRIPTIONS set, each connection compares its parts
 * whenever one has changed, and warns on the process. It costs nothing when it is off.
 */
const IS_CHECKED = Boolean(process.env['EVENT_BUS_CHECK_SUBSCRIPTIONS']);

/** `changed`, behind a check of the parts when the switch is on. */
export function checking(parts: SubscriptionParts, changed: () => void): () => void {
  if (!IS_CHECKED) return changed;
  return () => {
    for (const found of disagreementsOf(parts)) process.emitWarning(found, 'EventBusDisagreement');
    changed();
  };
}
