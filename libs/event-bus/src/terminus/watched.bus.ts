import type { EventBusInspector } from '../index.js';
import { BusQuestion } from './bus.question.js';
import type { Answer } from './bus.question.js';
import { GapRecord } from './gap.record.js';
import type { EventBusHealthOptions, GapLimit } from './health.options.js';
import { detailsOf } from './health.result.js';
import type { EventBusHealth } from './health.result.js';

const DEFAULT_TIMEOUT_MS = 1_000;

/** One bus of the application, judged whenever somebody asks. Remembers its gaps from its creation on. */
export class WatchedBus {
  private readonly gaps = new GapRecord();
  private readonly question: BusQuestion;

  constructor(private readonly inspector: EventBusInspector) {
    this.question = new BusQuestion(inspector);
    inspector.status.gaps.subscribe((gap) => this.gaps.add(gap));
  }

  /** @throws what a transport of somebody else throws */
  async judge({ timeoutMs, whenDegraded, maxGaps }: EventBusHealthOptions): Promise<EventBusHealth> {
    // A bus that is not ready says why; the answer of Redis would change nothing.
    const { status } = this.inspector;
    const isAsked = status.current === 'ready';
    const answer = isAsked ? await this.question.ask(timeoutMs ?? DEFAULT_TIMEOUT_MS) : {};
    const details = detailsOf(this.inspector.snapshot(), this.gaps, answer.tookMs);
    if (details.state === 'connecting' || details.state === 'closed') {
      return { status: 'down', reason: status.reason ?? `the bus is ${details.state}`, ...details };
    }
    const reason = this.weakness(answer, maxGaps);
    if (reason === undefined) return { status: 'up', ...details };
    return { status: whenDegraded ?? 'degraded', reason, ...details };
  }

  private weakness({ problem }: Answer, maxGaps: GapLimit | undefined): string | undefined {
    const { status } = this.inspector;
    if (status.current === 'degraded') return status.reason ?? 'the bus is degraded';
    if (problem !== undefined) return problem;
    if (maxGaps === undefined) return undefined;
    const { count } = this.gaps.within(maxGaps.withinMs);
    return count > maxGaps.count ? `${count} gaps within ${maxGaps.withinMs} ms` : undefined;
  }
}
