import type { Gap } from 'nestjs-redis-event-bus';
import type { Numbered, NumberedLoadOptions } from '../../support/numbered.load.js';
import { NumberedLoad } from '../../support/numbered.load.js';
import type { Contender, RunningContender } from './contender.js';
import { D_LIMIT_MS } from './deadlines.js';
import type { FaultStage } from './fault.stage.js';
import { counted, inMs } from './figures.js';
import { msUntil } from './hearing.js';
import type { LossAccount } from './loss.account.js';
import { expectExact, missedIn } from './loss.account.js';
import { TruthWatch } from './truth.watch.js';

export interface PairAccount extends LossAccount {
  /** Published, and nobody ever said what became of them. */
  readonly unsettled: number;
  /** The longest time after which somebody did. */
  readonly slowestMs: number;
  /** Heard although the talker was told that they were not sent. */
  readonly heardThoughUnsent: number;
  readonly gaps: readonly Gap[];
  /** So long the listener said that all was well and heard nothing. */
  readonly deafAndReadyMs: number;
}

/** What has not come, or is not settled, by then does not come any more. */
const PATIENCE = { timeoutMs: D_LIMIT_MS };

/** A contender twice: one publishes numbered events all the time, the other one listens. */
export class NumberedPair {
  private constructor(
    readonly talker: RunningContender,
    private readonly listener: RunningContender,
    private readonly load: NumberedLoad,
    private readonly truth: TruthWatch,
  ) {}

  /** Resolves when events are heard on every channel. */
  static async start(
    stage: FaultStage,
    contender: Contender,
    options: NumberedLoadOptions,
  ): Promise<NumberedPair> {
    const talker = await stage.start(contender);
    const load = new NumberedLoad(talker, options);
    const listener = await stage.start(contender, { handlers: [listenTo(load, options.channels)] });
    const truth = new TruthWatch(listener.isReady, () => load.heard.length);
    stage.closeLater(() => truth.stop());
    stage.closeLater(() => load.end());
    load.start();
    await load.flows();
    return new NumberedPair(talker, listener, load, truth);
  }

  /**
   * Resolves when the subscription is where it has to be and new events are heard on every channel: with how long that
   * took, or with undefined when it takes too long.
   */
  async recovers(isInPlace: () => Promise<boolean>): Promise<number | undefined> {
    const placedMs = await msUntil(isInPlace, D_LIMIT_MS);
    if (placedMs === undefined) return undefined;
    const startedAtMs = performance.now();
    return this.load.flows(PATIENCE).then(
      () => placedMs + performance.now() - startedAtMs,
      () => undefined,
    );
  }

  /** Ends the load, waits for its last events, and settles who got what. */
  async settle(): Promise<PairAccount> {
    await this.load.stop(PATIENCE).then(
      () => msUntil(() => this.load.account.isComplete, D_LIMIT_MS),
      () => undefined,
    );
    this.truth.stop();
    // Then all gaps have been told of.
    if (this.listener.bus !== undefined) await this.listener.close();
    const { gaps } = this.listener;
    return {
      ...this.load.account,
      reported: missedIn(this.listener),
      gaps,
      deafAndReadyMs: this.truth.longestMs,
    };
  }
}

/** Subscribes somebody else, to whom the talker publishes so many events then. Resolves with how many do not arrive. */
export async function missedByLate(
  stage: FaultStage,
  contender: Contender,
  talker: RunningContender,
  events: number,
): Promise<number> {
  const options = { kind: 'channel', channels: ['late'], everyMs: 2 } as const;
  const load = new NumberedLoad(talker, options);
  await stage.start(contender, { handlers: [listenTo(load, options.channels)] });
  stage.closeLater(() => load.end());
  load.start();
  await msUntil(() => load.published >= events);
  // What is not even sent does not arrive.
  await load.stop(PATIENCE).then(
    () => msUntil(() => load.account.isComplete, D_LIMIT_MS),
    () => undefined,
  );
  return load.published - new Set(load.heard.map(({ number }) => number)).size;
}

/** For the matrix: what became of the publishes, and of the events. */
export function pairFigure({ unsettled, slowestMs, lost, reported, gaps }: PairAccount): string {
  const publishes =
    unsettled === 0 ? `publishes settled within ${inMs(slowestMs)}` : `${unsettled} publishes hung`;
  return `${publishes}, ${counted(gaps.length, 'gap')}, reported ${reported} of ${lost} lost`;
}

/** All is well for those who publish and for those who listen, now and when they look back. */
export function expectSound({
  unsettled,
  slowestMs,
  heardThoughUnsent,
  gaps,
  deafAndReadyMs,
  ...account
}: PairAccount): void {
  expect(unsettled).toBe(0);
  expect(slowestMs).toBeLessThan(D_LIMIT_MS);
  expect(heardThoughUnsent).toBe(0);
  expect(deafAndReadyMs).toBeLessThan(D_LIMIT_MS);
  expect(gaps).not.toEqual([]);
  expectExact(account);
}

function listenTo(load: NumberedLoad, channels: readonly string[]) {
  return { name: 'listen', targets: channels, handle: (event: unknown) => load.hear(event as Numbered) };
}
