import type { EventBusObserver } from '../observing/event-bus.observer.js';
import type { PublishFailedFact, PublishedFact } from '../observing/observer.facts.js';
import { COUNTS_PUBLISHES } from '../observing/observer.registry.js';
import type { PublishCount, PublishedTo, PublishedTotals } from './report.js';
import { MAX_NAME_LENGTH } from './report.shapes.js';

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** How many names a report has. */
const MAX_REPORTED = 50;
/** How many names are counted. Beyond that those with the fewest events become part of the rest. */
const MAX_COUNTED = 1_000;

/** Counts what one bus publishes since its start, by template or channel. */
export class PublishTotals implements EventBusObserver {
  readonly [COUNTS_PUBLISHES] = true;
  private readonly kinds = {
    channel: new Map<string, Writable<PublishedTo>>(),
    shard: new Map<string, Writable<PublishedTo>>(),
  };
  private readonly rest: Writable<PublishCount> = { published: 0, nobody: 0, failed: 0 };

  /** @param showsChannels whether a channel may be named, or only a template */
  constructor(private readonly showsChannels: boolean) {}

  published({ channel, template, kind, subscriptions }: PublishedFact): void {
    const count = this.countOf(channel, template, kind);
    count.published += 1;
    if (subscriptions === 0) count.nobody += 1;
    if (count !== this.rest) (count as Writable<PublishedTo>).subscriptions = subscriptions;
  }

  publishFailed({ channel, template, kind }: PublishFailedFact): void {
    this.countOf(channel, template, kind).failed += 1;
  }

  /** Those with the most events, and all others together. */
  read(): PublishedTotals & { readonly leftOut: number } {
    const sorted = Object.values(this.kinds)
      .flatMap((names) => [...names.values()])
      .toSorted(byEvents);
    const rest = { ...this.rest };
    for (const count of sorted.slice(MAX_REPORTED)) add(rest, count);
    const top = sorted.slice(0, MAX_REPORTED).map((count) => ({ ...count }));
    return { top, rest, leftOut: sorted.length - top.length };
  }

  private countOf(
    channel: string,
    template: string | undefined,
    kind: PublishedTo['kind'],
  ): Writable<PublishCount> {
    const name = template ?? channel;
    const names = this.kinds[kind];
    const known = names.get(name);
    if (known !== undefined) return known;
    const isTemplate = template !== undefined;
    if (name.length > MAX_NAME_LENGTH || !(isTemplate || this.showsChannels)) return this.rest;
    if (names.size >= MAX_COUNTED) this.thin(names);
    const count = { name, isTemplate, kind, published: 0, nobody: 0, failed: 0 };
    names.set(name, count);
    return count;
  }

  private thin(names: Map<string, Writable<PublishedTo>>): void {
    const sorted = [...names.values()].toSorted(byEvents);
    for (const count of sorted.slice(MAX_COUNTED / 2)) {
      add(this.rest, count);
      names.delete(count.name);
    }
  }
}

/** Adds the numbers of one name to those of the rest. */
export function add(rest: Writable<PublishCount>, count: PublishCount): void {
  rest.published += count.published;
  rest.nobody += count.nobody;
  rest.failed += count.failed;
}

function byEvents(a: PublishCount, b: PublishCount): number {
  return b.published + b.failed - (a.published + a.failed);
}
