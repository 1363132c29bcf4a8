import type { SubscriptionInfo, SubscriptionTarget } from '../event.transport.js';

/** All parts of one connection that know whether a subscription delivers now. */
export interface SubscriptionParts {
  /** The wanted subscriptions and the broker's answers. */
  readonly table: { list(): readonly SubscriptionInfo[] };
  /** The subscriptions whose messages are forwarded. */
  readonly gate: {
    readonly targets: readonly SubscriptionTarget[];
    isOpen(target: SubscriptionTarget): boolean;
  };
  /** The subscriptions that the broker must have. */
  readonly ledger: { has(target: SubscriptionTarget): boolean };
}

/** Takes confirmations and releases, and serves handlers accordingly. */
export interface ServingPlan {
  /** In the phases `live` and `leaving` the broker delivers. */
  states(): readonly { readonly target: SubscriptionTarget; readonly phase: string }[];
}

/** The contradictions, for a developer. Empty if there are none. Checks all targets: for tests and debugging. */
export function disagreementsOf(
  { table, gate, ledger }: SubscriptionParts,
  plan?: ServingPlan,
): readonly string[] {
  const found: string[] = [];
  for (const { target, state } of table.list()) {
    const name = nameOf(target);
    if (state === 'active' && !gate.isOpen(target)) found.push(`${name} is active, but not delivered`);
    if (state === 'active' && !ledger.has(target)) found.push(`${name} is active, but not counted`);
    if (state === 'denied' && gate.isOpen(target)) found.push(`${name} is denied, but delivered`);
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
      .map((name) => `${name} is live in the plan, but not delivered`),
    ...[...opened]
      .filter((name) => !served.has(name))
      .map((name) => `${name} is delivered, but not live in the plan`),
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

/** Runs `changed`, after a check of the parts if the switch is on. */
export function checking(parts: SubscriptionParts, changed: () => void): () => void {
  if (!IS_CHECKED) return changed;
  return () => {
    for (const found of disagreementsOf(parts)) process.emitWarning(found, 'EventBusDisagreement');
    changed();
  };
}
