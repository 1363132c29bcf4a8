import { setTimeout as delay } from 'node:timers/promises';
import { PublishUnconfirmedError, cloudEvents } from 'nestjs-redis-event-bus';
import type { RunningContender } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { since, sum } from './support/figures.js';
import { msUntil } from './support/hearing.js';
import { nestTransport } from './support/nest.transport.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const DOWN_MS = 1_500;
const PUBLISH_EVERY_MS = 4;

const stage = new FaultStage();

interface Outcome {
  /** Published while the server was down, and neither accepted nor rejected when it came back. */
  readonly unsettled: number;
  /** Delivered after the publish was rejected. */
  readonly late: number;
  readonly recoveredMs: number | undefined;
  /** Sent and not delivered. */
  readonly lost: number;
  readonly reported: number;
  readonly repeated: number;
}

interface Attempt {
  readonly publishedAtMs: number;
  outcome?: 'accepted' | 'rejected' | 'unconfirmed';
  settledAtMs?: number;
  arrivedAtMs?: number;
}

/** Publishes all the time, and knows what became of each event. */
class Diary {
  readonly attempts: Attempt[] = [];
  repeated = 0;
  private timer: NodeJS.Timeout | undefined;

  readonly handle = (payload: unknown): void => {
    const attempt = this.attempts[(payload as { n: number }).n];
    if (attempt === undefined) return;
    if (attempt.arrivedAtMs === undefined) attempt.arrivedAtMs = performance.now();
    else this.repeated += 1;
  };

  start(service: RunningContender): void {
    this.timer = setInterval(() => void this.publish(service), PUBLISH_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async publish(service: RunningContender): Promise<void> {
    const attempt: Attempt = { publishedAtMs: performance.now() };
    this.attempts.push(attempt);
    try {
      await service.publish('orders', { n: this.attempts.length - 1 });
      attempt.outcome = 'accepted';
    } catch (error) {
      attempt.outcome = error instanceof PublishUnconfirmedError ? 'unconfirmed' : 'rejected';
    }
    attempt.settledAtMs = performance.now();
  }

  count(matches: (attempt: Attempt) => boolean): number {
    return this.attempts.filter(matches).length;
  }
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F2',
  fault: `server killed, back after ${DOWN_MS / 1_000} s`,
  promise: 'as F1; publishes meanwhile are rejected at once, and none is delivered after its rejection',
  async run(contender) {
    const diary = new Diary();
    const service = await stage.start(contender, {
      handlers: [{ name: 'handle', targets: ['orders'], handle: diary.handle }],
    });
    await stage.subscribed('orders');
    diary.start(service);
    stage.closeLater(() => diary.stop());
    await msUntil(() => diary.count(({ arrivedAtMs }) => arrivedAtMs !== undefined) > 100);

    await stage.redis.kill('SIGKILL');
    await delay(DOWN_MS);
    const unsettled = diary.count(({ settledAtMs }) => settledAtMs === undefined);
    await stage.redis.restart();
    const upAtMs = performance.now();
    const recoveredMs = await msUntil(() => diary.count((attempt) => isHeardSince(upAtMs, attempt)) > 0);
    diary.stop();
    await diary.publish(service);
    await msUntil(() => diary.attempts.at(-1)?.arrivedAtMs !== undefined);

    const lost = diary.count(
      ({ outcome, arrivedAtMs }) => outcome !== 'rejected' && arrivedAtMs === undefined,
    );
    // Then all gaps have been told of.
    if (service.bus !== undefined) await service.close();
    const late = diary.count(
      (attempt) => attempt.outcome === 'rejected' && attempt.arrivedAtMs !== undefined,
    );
    const reported = sum(service.gaps.map(({ missed }) => missed ?? 0));
    return { unsettled, late, recoveredMs, lost, reported, repeated: diary.repeated };
  },
  check({ unsettled, late, recoveredMs, lost, reported, repeated }) {
    expect(unsettled).toBe(0);
    expect(late).toBe(0);
    expect(recoveredMs).toBeDefined();
    expect(repeated).toBe(0);
    expect(reported).toBe(lost);
  },
  figure: ({ unsettled, late, recoveredMs, lost, reported }) =>
    recoveredMs === undefined
      ? 'deaf'
      : `${since('back', recoveredMs, 'the server')}, ${unsettled} publishes hung, ${late} late deliveries, reported ${reported} of ${lost} lost`,
};

function isHeardSince(sinceMs: number, { publishedAtMs, arrivedAtMs }: Attempt): boolean {
  return publishedAtMs > sinceMs && arrivedAtMs !== undefined;
}

describe('F2: the server is killed', () => {
  it('is recovered from, with every publish settled and every loss told of', () =>
    expectToHold(row, theBus({ codec: cloudEvents({ source: '/faults' }) })));

  it('lets publishes of plain ioredis hang (control)', () => expectToBite(row, plainIoredis()));

  it("is the end for Nest's transport (control)", () => expectToBite(row, nestTransport()));
});
