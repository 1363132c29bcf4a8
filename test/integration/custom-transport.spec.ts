import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';
import {
  EventBusInspector,
  NotSupportedError,
  OnEvent,
  OnKeyEvent,
  cloudEvents,
} from 'nestjs-redis-event-bus';
import { describeTransport } from 'nestjs-redis-event-bus/conformance';
import { Inbox } from '../support/inbox.js';
import { codeIn } from '../support/readme.code.js';
import { threads } from './custom-transport/thread.transport.js';
import { startedApps } from '../support/started.apps.js';

const { start } = startedApps();
const SOURCE = join(import.meta.dirname, 'custom-transport/thread.transport.ts');

describeTransport('threads', {
  open: async (listener) => threads('conformance').create(listener),
  capabilities: { shard: false, exactCounts: false, inspection: false },
});

describe('The transport of docs/custom-transport.md', () => {
  it('is the code that these tests run', () => {
    expect(codeIn('docs/custom-transport.md', '// thread.transport.ts')).toBe(
      readFileSync(SOURCE, 'utf8').trimEnd(),
    );
  });

  it('brings a handler the events of other applications and of other threads', async () => {
    const inbox = new Inbox<unknown>();
    @Injectable()
    class Orders {
      @OnEvent('orders:*')
      take(order: unknown): void {
        inbox.push(order);
      }
    }
    await start({ providers: [Orders] }, { transport: threads('shop') });
    const other = await start({}, { transport: threads('shop') });
    await other.publisher.publish('orders:created', { id: 1 });
    expect(await inbox.count(1)).toEqual([{ id: 1 }]);
    const worker = new Worker(
      `const line = new (require('node:worker_threads').BroadcastChannel)('shop');
       line.postMessage({ channel: 'orders:paid', body: '{"id":2}' });
       line.close();`,
      { eval: true },
    );
    expect(await inbox.count(2)).toEqual([{ id: 1 }, { id: 2 }]);
    await worker.terminate();
  });
});

describe('A transport without facets', () => {
  const transport = () => threads('plain');

  it('tells whoever inspects it that it cannot be inspected', async () => {
    const app = await start({}, { transport: transport() });
    const inspector = app.app.get(EventBusInspector);
    await expect(inspector.channels()).rejects.toThrow(NotSupportedError);
    await expect(inspector.patternCount()).rejects.toThrow('The threads transport cannot list subscribers');
    expect(inspector.snapshot()).toMatchObject({ transport: { name: 'threads', address: 'plain' } });
    expect(inspector.snapshot()).not.toHaveProperty('publishing');
  });

  it('lets no application start that has a group', async () => {
    @Injectable()
    class Grouped {
      @OnEvent('orders:*', { group: 'billing' })
      take(): void {}
    }
    const starting = start(
      { providers: [Grouped] },
      { transport: transport(), codec: cloudEvents({ source: '/test' }) },
    );
    await expect(starting).rejects.toThrow(
      '@OnEvent on Grouped.take: group needs claims, but the threads transport does not support them. Leave out group.',
    );
  });

  it.each(['check', 'set'] as const)(
    'lets no application start that waits for key events, with ensure: %p',
    async (ensure) => {
      @Injectable()
      class Sessions {
        @OnKeyEvent('expired')
        expire(): void {}
      }
      const starting = start({ providers: [Sessions] }, { transport: transport(), keyspace: { ensure } });
      await expect(starting).rejects.toThrow(NotSupportedError);
    },
  );

  it('takes handlers of key events where nobody ensures them', async () => {
    @Injectable()
    class Sessions {
      @OnKeyEvent('expired')
      expire(): void {}
    }
    const app = await start(
      { providers: [Sessions] },
      { transport: transport(), keyspace: { ensure: 'off' } },
    );
    expect(app.handler('Sessions.expire').targets).toEqual(['__keyevent@0__:expired']);
  });
});
