import type { EventBusSnapshot } from 'nestjs-redis-event-bus';
import { cloudEvents } from 'nestjs-redis-event-bus';
import type { Contender, RunningContender } from '../../faults/support/contender.js';
import type { FaultStage } from '../../faults/support/fault.stage.js';
import { sum } from '../../faults/support/figures.js';
import { msUntil } from '../../faults/support/hearing.js';
import { theBus } from '../../faults/support/the.bus.js';
import { TruthWatch } from '../../faults/support/truth.watch.js';
import type { TcpProxy } from '../../support/tcp.proxy.js';
import { FaultCrew, PASSWORD, USERS } from './fault.crew.js';
import { growth, sizesOf } from './collection-growth.js';
import type { SoakAccount } from './soak-account.js';
import { accountOf } from './soak-account.js';
import { CHANNELS } from './soak-channels.js';
import type { FaultyLink, PlannedFault } from './soak-plan.js';
import type { SoakListener } from './soak.listener.js';
import { soakListeners } from './soak.listener.js';
import type { SoakEvent } from './soak.traffic.js';
import { SoakTraffic } from './soak.traffic.js';

export interface SoakOutcome {
  readonly plan: readonly PlannedFault[];
  readonly account: SoakAccount;
  /** What the gaps say is missing, and what the counter says. */
  readonly reported: number;
  readonly counted: number | undefined;
  /** Events that came to a handler again, or after a later one. */
  readonly wrongs: readonly string[];
  /** Rejected publishes that leave open whether the event was sent. */
  readonly surprises: readonly unknown[];
  /** The longest time that the service said all is well while one of its handlers heard nothing. */
  readonly deafAndReadyMs: number;
  /** The longest time that a handler heard nothing at all. */
  readonly longestSilenceMs: number;
  readonly reconnects: number;
  /** All is well again, and every channel is heard. */
  readonly isMended: boolean;
  /** What has become larger inside of the two buses. */
  readonly grown: readonly string[];
  /** Of the bus, when all is done. */
  readonly snapshot: EventBusSnapshot | undefined;
}

export const CODEC = cloudEvents({ source: '/soak' });

const PROBE_INTERVAL_MS = 100;
/** Longer than the back-off and two handshakes that nobody answers. */
const MENDS_WITHIN_MS = 10_000;
const ARRIVES_WITHIN_MS = 1_000;

/** Lets the planned faults happen to a service under steady traffic, and tells what came of it. */
export async function runSoak(
  stage: FaultStage,
  contender: Contender,
  plan: readonly PlannedFault[],
): Promise<SoakOutcome> {
  const proxies = { service: await stage.proxy(), publisher: await stage.proxy() };
  const crew = new FaultCrew(stage.redis, proxies);
  await crew.admit();
  const listeners = soakListeners();
  const service = await stage.start(contender, {
    url: urlFor('service', proxies.service),
    handlers: listeners.map(({ setup }) => setup),
  });
  const reconnects = countReconnects(service);
  const publisher = await stage.start(theBus({ codec: CODEC }), {
    url: urlFor('publisher', proxies.publisher),
  });
  const traffic = new SoakTraffic((channel, payload) => publisher.publish(channel, payload));
  stage.closeLater(() => traffic.stop());
  const isHeard = (events: readonly SoakEvent[]) => () =>
    events.every((event) =>
      listeners.every((listener) => !listener.channels.includes(event.channel) || listener.has(event)),
    );
  // The first event on a channel is what later ones are counted from.
  await msUntil(isHeard(await traffic.publishToAll()));

  const sizesBefore = sizesOf([service.bus, publisher.bus]);
  const truths = await watch(stage, service, listeners);
  traffic.start();
  await crew.carryOut(plan);
  await msUntil(() => service.isReady() && publisher.isReady(), MENDS_WITHIN_MS);
  traffic.stop();
  await traffic.settled();
  // The service may have yet to notice the last fault. What closes a channel in vain is one more that is lost.
  const mendedMs = await msUntil(async () => {
    const closing = await traffic.publishToAll();
    return (await msUntil(isHeard(closing), ARRIVES_WITHIN_MS)) !== undefined;
  }, MENDS_WITHIN_MS);
  truths.forEach((truth) => truth.stop());

  const account = () => accountOf(traffic.events, listeners, service.gaps);
  const { lost } = account();
  if (service.bus !== undefined) await msUntil(() => missedIn(service) >= lost && isIdle(service));
  const snapshot = service.bus?.inspector.snapshot();
  return {
    plan,
    account: account(),
    reported: missedIn(service),
    counted: snapshot?.counters.missed,
    wrongs: listeners.flatMap(({ wrongs }) => wrongs),
    surprises: traffic.surprises,
    deafAndReadyMs: Math.max(...truths.map(({ longestMs }) => longestMs)),
    longestSilenceMs: Math.max(...listeners.map(({ longestSilenceMs }) => longestSilenceMs)),
    reconnects: reconnects(),
    isMended: mendedMs !== undefined && service.isReady(),
    grown: growth(sizesBefore, sizesOf([service.bus, publisher.bus])),
    snapshot,
  };
}

function urlFor(link: FaultyLink, { port }: TcpProxy): string {
  return `redis://${USERS[link]}:${PASSWORD}@127.0.0.1:${port}`;
}

/** Something to hear for every handler, at any time, by a connection that nothing but a stopped server disturbs. */
async function watch(
  stage: FaultStage,
  service: RunningContender,
  listeners: readonly SoakListener[],
): Promise<readonly TruthWatch[]> {
  const admin = await stage.admin();
  const probe = setInterval(() => {
    for (const channel of CHANNELS) admin.publish(channel, '{"probe":true}').catch(() => undefined);
  }, PROBE_INTERVAL_MS);
  stage.closeLater(() => clearInterval(probe));
  return listeners.map((listener) => {
    const truth = new TruthWatch(service.isReady, () => listener.heard);
    stage.closeLater(() => truth.stop());
    return truth;
  });
}

/** Returns what tells how often it became ready again. */
function countReconnects({ bus }: RunningContender): () => number {
  let count = -1;
  bus?.status.changes.subscribe((state) => {
    if (state === 'ready') count += 1;
  });
  return () => Math.max(0, count);
}

function isIdle({ bus }: RunningContender): boolean {
  return bus?.inspector.snapshot().handlers.every(({ running }) => running === 0) === true;
}

function missedIn({ gaps }: RunningContender): number {
  return sum(gaps.map(({ missed }) => missed ?? 0));
}
