import { Redis } from 'ioredis';
import { Inbox } from '../support/inbox.js';
import { named } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { counted } from './support/figures.js';
import { msUntil } from './support/hearing.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const stage = new FaultStage();

const row: FaultRow<{ outcome: string; deliveries: number }> = {
  stage,
  id: 'F15',
  fault: 'the reply to a publish is lost',
  promise: 'it rejects as unconfirmed, and the event is delivered once',
  async run(contender) {
    const proxy = await stage.proxy();
    const service = await stage.start(contender, { url: proxy.url });
    const delivered = await witness('orders');
    proxy.pause('toClient');
    const publishing = service.publish('orders', 'order').then(
      () => 'resolves',
      (error: Error) => error.name,
    );
    await delivered.count(1);
    proxy.cut();
    proxy.resume('toClient');
    const outcome = (await inTime(publishing)) ?? 'hangs';
    // Goes the way of whatever would be sent again.
    await msUntil(async () => {
      await service.publish('orders', 'fence').catch(() => undefined);
      return delivered.items.includes('"fence"');
    });
    return { outcome, deliveries: delivered.items.filter((body) => body === '"order"').length };
  },
  check({ outcome, deliveries }) {
    expect(deliveries).toBe(1);
    expect(outcome).toBe('PublishUnconfirmedError');
  },
  figure: ({ outcome, deliveries }) => `${outcome}, delivered ${counted(deliveries, 'time')}`,
};

/** Everything that is published on a channel, seen by somebody who is not part of the test. */
async function witness(channel: string): Promise<Inbox<string>> {
  const inbox = new Inbox<string>();
  const client = new Redis(stage.redis.url);
  stage.closeLater(() => client.disconnect());
  client.on('message', (_channel: string, body: string) => inbox.push(body));
  await client.subscribe(channel);
  return inbox;
}

describe('F15: the reply to a publish is lost', () => {
  it('is told, and delivers the event once', () => expectToHold(row, theBus()));

  it('delivers it twice with plain ioredis (control)', () => expectToBite(row, plainIoredis()));

  it('never settles with plain ioredis that does not send it again (control)', () =>
    expectToBite(
      row,
      named('plain ioredis without resending', plainIoredis({ autoResendUnfulfilledCommands: false })),
    ));
});
