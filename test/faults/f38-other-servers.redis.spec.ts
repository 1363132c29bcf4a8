import type { RunningContender } from './support/contender.js';
import { named } from './support/contender.js';
import type { Answer } from '../support/answering.proxy.js';
import { AnsweringProxy } from '../support/answering.proxy.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis.cluster.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { counted, since } from './support/figures.js';
import { msUntil } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus, theBusOnCluster } from './support/the.bus.js';

const BEATS = 5;
const CHANNEL = 'orders:{1}:created';

const stage = new FaultStage();

async function standIn(targetPort: number, answer: Answer): Promise<AnsweringProxy> {
  const proxy = await AnsweringProxy.start({ targetPort, answer });
  stage.closeLater(() => proxy.stop());
  return proxy;
}

function listener(channel: string) {
  const heard: unknown[] = [];
  const handler = { name: 'listen', targets: [channel], handle: (event: unknown) => heard.push(event) };
  return { heard, handlers: [handler] };
}

/** Publishes until it is heard. Resolves with how long that took, or with undefined when it takes too long. */
function msUntilHeard(service: RunningContender, channel: string, heard: readonly unknown[]) {
  const before = heard.length;
  return msUntil(async () => {
    await service.publish(channel, 'order').catch(() => undefined);
    return heard.length > before;
  });
}

describe('F38: the server has forgotten everything, and answers -NOSUB to UNSUBSCRIBE', () => {
  const row: FaultRow<{ heardMs: number | undefined; gaps: number }> = {
    stage,
    id: 'F38',
    fault: 'Valkey 8.0: -NOSUB to UNSUBSCRIBE, the last subscription is forgotten',
    promise: 'noticed, subscribed again, and told of once',
    async run(contender) {
      let asked = 0;
      const proxy = await standIn(stage.redis.port, ([command, name]) => {
        if (/^subscribe$/i.test(command!) && ++asked === 1) {
          return `*3\r\n$9\r\nsubscribe\r\n$${name!.length}\r\n${name}\r\n:1\r\n`;
        }
        const isSubscribed = asked > 1;
        if (!/^unsubscribe$/i.test(command!) || isSubscribed) return undefined;
        return "-NOSUB 'unsubscribe' command executed not in subscribed mode\r\n";
      });
      const { heard, handlers } = listener('orders');
      const service = await stage.start(contender, { url: proxy.url, handlers });
      const heardMs = await msUntilHeard(service, 'orders', heard);
      return { heardMs, gaps: service.gaps.length };
    },
    check({ heardMs, gaps }) {
      expect(heardMs).toBeDefined();
      expect(gaps).toBe(1);
    },
    figure: ({ heardMs, gaps }) =>
      `${since('hears again', heardMs, 'it was forgotten')}, ${counted(gaps, 'gap')}`,
  };

  it('is heard again', () => expectToHold(row, theBus()));

  it('is deaf for ever with plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});

describe('F38: a Cluster is down, and a master answers -CLUSTERDOWN to SUNSUBSCRIBE', () => {
  let cluster: RedisCluster;
  beforeEach(async () => {
    cluster = await RedisCluster.start({ masters: 1, replicasPerMaster: 0 });
    stage.closeLater(() => cluster.stopAll());
  });

  interface Outcome {
    readonly gaps: number;
    readonly heardMs: number | undefined;
  }

  const rowOf = (refusal: string): FaultRow<Outcome> => ({
    stage,
    id: 'F38',
    fault: 'Redis 7.4: -CLUSTERDOWN to SUNSUBSCRIBE while the Cluster is down',
    promise: 'no gap, since what is subscribed goes on',
    async run() {
      const { port } = cluster.nodes[0]!.server;
      let refused = 0;
      const proxy = await standIn(port, ([command]) => {
        if (!/^sunsubscribe$/i.test(command!)) return undefined;
        refused += 1;
        return `-${refusal}\r\n`;
      });
      const { heard, handlers } = listener(CHANNEL);
      const natMap = { [`127.0.0.1:${port}`]: { host: '127.0.0.1', port: proxy.port } };
      const service = await stage.start(theBusOnCluster([proxy.url], 'shard', {}, { natMap }), { handlers });
      await eventually(() => expect(refused).toBeGreaterThan(BEATS));
      const heardMs = await msUntilHeard(service, CHANNEL, heard);
      return { gaps: service.gaps.length, heardMs };
    },
    check({ gaps, heardMs }) {
      expect(gaps).toBe(0);
      expect(heardMs).toBeDefined();
    },
    figure: ({ gaps }) => `${counted(gaps, 'gap')} in ${BEATS} heartbeats`,
  });
  const onCluster = theBusOnCluster([], 'shard');

  it('is no loss', () => expectToHold(rowOf('CLUSTERDOWN The cluster is down'), onCluster));

  it('is not mixed up with a slot that has gone (control)', () =>
    expectToBite(rowOf('MOVED 1 127.0.0.1:1'), named('the bus, when the slot has moved', onCluster)));
});
