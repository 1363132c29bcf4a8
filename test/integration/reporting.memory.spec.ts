import { OnEvent, memory, memoryBroker } from 'nestjs-redis-event-bus';
import { eventually } from '../support/eventually.js';
import { ReportViewer, fastReports } from '../support/report.viewer.js';
import { startedApps } from '../support/started.apps.js';

const { start } = startedApps();

class OrderNotifier {
  @OnEvent('orders:*')
  notify(): void {}
}

describe('instances on memory()', () => {
  it('report to a listener of the same process, as on Redis', async () => {
    const broker = memoryBroker();
    const viewer = await ReportViewer.open(memory({ broker }));
    try {
      const startOne = (service: string) =>
        start(
          { providers: [OrderNotifier, fastReports({ service, payloads: 'preview' })] },
          { transport: memory({ broker }) },
        );
      const orders = await startOne('orders');
      const billing = await startOne('billing');
      await eventually(() => expect(viewer.states).toEqual(['billing ready', 'orders ready']));
      await viewer.report();
      await orders.publisher.publish('orders:created', { id: 7 });
      const tail = await viewer.tail(3);
      expect(tail.map(({ what, payload }) => [what, payload])).toEqual([
        ['handled', '{"id":7}'],
        ['handled', '{"id":7}'],
        ['published', '{"id":7}'],
      ]);
      expect(orders.counters).toMatchObject({ published: 1, received: 1 });
      await billing.app.close();
      await eventually(() => expect(viewer.states).toEqual(['billing gone', 'orders ready']));
    } finally {
      await viewer.close();
    }
  });
});
