import type { Redis } from 'ioredis';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { counted } from './support/figures.js';
import { msUntilHeard } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const MIB = 1024 * 1024;
const SIZES = [MIB + 1, 31 * MIB];
/** Room for the fence and for what this test asks the server. */
const SMALL_BYTES = 64 * 1024;

const stage = new FaultStage();

const row: FaultRow<{ refused: number; sentBytes: number; reconnects: number }> = {
  stage,
  id: 'F16',
  fault: 'payloads of 1 MiB + 1 and of 31 MiB',
  promise: 'refused before a byte leaves, and nobody loses a connection',
  async run(contender) {
    const heard: unknown[] = [];
    const service = await stage.start(contender, {
      handlers: [{ name: 'handle', targets: ['orders'], handle: (payload) => heard.push(payload) }],
    });
    const admin = await stage.admin();
    const before = await statsOf(admin);
    let refused = 0;
    for (const size of SIZES) {
      await service.publish('orders', 'x'.repeat(size - 2)).catch(() => (refused += 1));
    }
    await msUntilHeard(() => admin.publish('orders', '"fence"'), heard);
    const after = await statsOf(admin);
    return {
      refused,
      sentBytes: after.inputBytes - before.inputBytes,
      reconnects: after.connections - before.connections,
    };
  },
  check({ refused, sentBytes, reconnects }) {
    expect(refused).toBe(SIZES.length);
    expect(sentBytes).toBeLessThan(SMALL_BYTES);
    expect(reconnects).toBe(0);
  },
  figure: ({ refused, reconnects }) =>
    `${refused} of ${SIZES.length} refused, ${counted(reconnects, 'reconnect')}`,
};

async function statsOf(admin: Redis): Promise<{ inputBytes: number; connections: number }> {
  const inputBytes = Number(/total_net_input_bytes:(\d+)/.exec(await admin.info('stats'))?.[1]);
  return { inputBytes, connections: await stage.connectionsReceived(admin) };
}

describe('F16: a payload is over the limit', () => {
  it('is refused before a byte leaves', () => expectToHold(row, theBus()));

  it('costs the subscribers of plain ioredis their connection (control)', () =>
    expectToBite(row, plainIoredis()));
});
