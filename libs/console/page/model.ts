import { computed, signal } from '@preact/signals';
import type { ConsoleFrame, ConsoleWelcome, TailRow } from '../src/frame.js';
import { matcherOf } from './target.filter.js';

/** Rows that are kept for the list of events; older ones are forgotten. */
const MAX_ROWS = 200;

/** Whether the page itself gets frames. */
export const connection = signal<'connecting' | 'open' | 'lost'>('connecting');
export const welcome = signal<ConsoleWelcome>({ title: 'Event bus', mayPublish: false, maySubscribe: false });
/** The latest frame. It is shown also while the list of events is paused. */
export const frame = signal<ConsoleFrame | undefined>(undefined);
/** The newest first. */
export const rows = signal<readonly TailRow[]>([]);
export const notShown = signal(0);
export const isPaused = signal(false);
export const filterText = signal('');
export const problemsOnly = signal(false);

const accepts = computed(() => matcherOf(filterText.value));

export const visibleRows = computed(() =>
  rows.value.filter((row) => accepts.value(row.channel) && (!problemsOnly.value || isProblem(row))),
);

/** The instances that are there, or should be. */
export const presentInstances = computed(
  () => frame.value?.instances.filter(({ state }) => state !== 'gone') ?? [],
);

export function isProblem({ subscriptions, outcomes }: TailRow): boolean {
  return subscriptions === 0 || outcomes.some(({ error }) => error !== undefined);
}

export function show(next: ConsoleFrame): void {
  frame.value = next;
  if (isPaused.value) {
    notShown.value += next.tail.notShown + next.tail.rows.length;
    return;
  }
  notShown.value = next.tail.notShown;
  if (next.tail.rows.length > 0) rows.value = merged(rows.value, next.tail.rows);
}

export function togglePause(): void {
  isPaused.value = !isPaused.value;
}

/** A row that came again has more outcomes, and keeps its place. */
function merged(known: readonly TailRow[], fresh: readonly TailRow[]): readonly TailRow[] {
  const byKey = new Map(known.map((row) => [row.key, row]));
  for (const row of fresh) byKey.set(row.key, row);
  return [...byKey.values()].toSorted((a, b) => b.atMs - a.atMs).slice(0, MAX_ROWS);
}
