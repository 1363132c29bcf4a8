import { OTHER } from './publish.counts.js';

/** The target as written by the name of its subscription at Redis, for each target of a declared handler. */
export type DeclaredTargets = ReadonlyMap<string, string>;

interface Count {
  events: number;
}

/** Counts received events by the declared target whose subscription delivered them. */
export class ReceivedCounts {
  /** By the label. */
  private readonly targets = new Map<string, Count>();
  /** The same by the name of the subscription. */
  private readonly named = new Map<string, Count>();
  private areDeclaredKnown = false;
  private readonly others = this.countAs(OTHER);

  /** @param declared asked after handlers were added, when something was received or is read */
  constructor(private readonly declared: () => DeclaredTargets) {}

  /** Handlers were added. */
  forgetDeclared(): void {
    this.areDeclaredKnown = false;
  }

  add(subscription: string, events: number): void {
    if (!this.areDeclaredKnown) this.learn();
    (this.named.get(subscription) ?? this.others).events += events;
  }

  /** By the label. Declared targets are there from the start on, or their first events would not show as an increase. */
  entries(): Iterable<readonly [string, Count]> {
    if (!this.areDeclaredKnown) this.learn();
    return this.targets;
  }

  private learn(): void {
    this.areDeclaredKnown = true;
    for (const [subscription, text] of this.declared()) this.named.set(subscription, this.countAs(text));
  }

  private countAs(label: string): Count {
    const count = this.targets.get(label) ?? { events: 0 };
    this.targets.set(label, count);
    return count;
  }
}
