/** @needs-redis-7 no sharded pub/sub */
import { OnEvent, redisCluster } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { ReportViewer, fastReports } from '../support/report.viewer.js';
import { startedApps } from '../support/started.apps.js';

const heartbeat = { intervalMs: 200, timeoutMs: 1_000 };

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start();
}, 60_000);
afterAll(() => cluster.stopAll());

const { start } = startedApps();

class OrderNotifier {
  @OnEvent('orders:*')
  notify(): void {}
}

/** Connected to this node first, which is another one for each instance. */
const transportFrom = (index: number) => {
  const nodes = cluster.nodeUrls;
  return redisCluster({ nodes: [nodes[index % nodes.length] as string], heartbeat });
};

describe('instances on a Cluster', () => {
  it.each(['', 'shop:'])(
    'count a listener from every node, report to it, and stop when it leaves, with the prefix %j',
    async (prefix) => {
      const apps = [0, 1, 2].map((index) =>
        start(
          { providers: [OrderNotifier, fastReports({ service: `orders-${index}` })] },
          { transport: transportFrom(index), prefix },
        ),
      );
      const started = await Promise.all(apps);
      const viewer = await ReportViewer.open(transportFrom(1), prefix);
      try {
        const reporting = () => viewer.directory.instances().filter(({ report }) => report !== undefined);
        await eventually(() => expect(reporting()).toHaveLength(3), { timeoutMs: 15_000 });
        expect(viewer.states).toEqual(['orders-0 ready', 'orders-1 ready', 'orders-2 ready']);
        const { links, subscriptions } = await viewer.report();
        expect(links.map(({ role }) => role)).toContain('shard-publisher');
        expect(subscriptions).toMatchObject([{ target: `${prefix}orders:*`, state: 'active' }]);
        await started[2]?.app.close();
        await eventually(() => expect(viewer.states.at(-1)).toBe('orders-2 gone'));
        expect(started[0]?.counters).toMatchObject({ published: 0, received: 0 });
      } finally {
        await viewer.close();
      }
    },
    60_000,
  );
});
