import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import type { SubscribeOutcome } from '../event.transport.js';
import { TargetMap } from '../target.map.js';

/** Takes one outcome for each of several targets. One promise for all of them: a start subscribes to thousands. */
class OutcomeList {
  private readonly outcomes: SubscribeOutcome[];
  private missing: number;

  constructor(
    count: number,
    private readonly resolve: (outcomes: readonly SubscribeOutcome[]) => void,
  ) {
    this.outcomes = Array.from({ length: count });
    this.missing = count;
    if (count === 0) resolve(this.outcomes);
  }

  set(index: number, outcome: SubscribeOutcome): void {
    this.outcomes[index] = outcome;
    this.missing -= 1;
    if (this.missing === 0) this.resolve(this.outcomes);
  }
}

/** Where an answer belongs. */
interface Place {
  readonly list: OutcomeList;
  readonly index: number;
}

/** Callers that wait for the broker's answer to a subscription. */
export class SubscriptionAnswers {
  private readonly waiting = new TargetMap<Place[]>();

  /**
   * Resolves with an outcome for each target, in their order.
   *
   * @param known returns the outcome of a target for which no answer is outstanding
   */
  next(
    targets: readonly SubscriptionTarget[],
    known: (target: SubscriptionTarget) => SubscribeOutcome | undefined = () => undefined,
  ): Promise<readonly SubscribeOutcome[]> {
    return new Promise((resolve) => {
      const list = new OutcomeList(targets.length, resolve);
      let index = 0;
      for (const target of targets) {
        const outcome = known(target);
        if (outcome === undefined) this.wait(target, { list, index });
        else list.set(index, outcome);
        index += 1;
      }
    });
  }

  confirmed(target: SubscriptionTarget): void {
    for (const { list, index } of this.take(target)) list.set(index, { target });
  }

  /** `errorOf` is only called if a caller waits. */
  failed(target: SubscriptionTarget, errorOf: () => Error): void {
    for (const { list, index } of this.take(target)) list.set(index, { target, error: errorOf() });
  }

  private wait(target: SubscriptionTarget, place: Place): void {
    const places = this.waiting.get(target);
    if (places === undefined) this.waiting.set(target, [place]);
    else places.push(place);
  }

  private take(target: SubscriptionTarget): readonly Place[] {
    const places = this.waiting.get(target);
    if (places === undefined) return NONE;
    this.waiting.delete(target);
    return places;
  }
}

const NONE: readonly Place[] = [];
