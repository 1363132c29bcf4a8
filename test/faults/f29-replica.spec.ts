import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.server.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const stage = new FaultStage(['--repl-diskless-sync-delay', '0']);

const row: FaultRow<{ isWarned: boolean }> = {
  stage,
  id: 'F29',
  fault: 'pointed at a replica',
  promise: 'warns that events published there reach few',
  async run(contender) {
    const replica = await RedisServer.start({
      args: ['--replicaof', '127.0.0.1', String(stage.redis.port)],
    });
    stage.closeLater(() => replica.stop());
    await eventually(async () =>
      expect(String(await replica.cli('INFO', 'replication'))).toContain('master_link_status:up'),
    );
    const service = await stage.start(contender, { url: replica.url });
    const warnedMs = await msUntil(
      () => service.log.troubles.some((line) => line.includes('replica')),
      2_000,
    );
    return { isWarned: warnedMs !== undefined };
  },
  check({ isWarned }) {
    expect(isWarned).toBe(true);
  },
  figure: ({ isWarned }) => (isWarned ? 'warned' : 'nothing is said'),
};

describe('F29: the bus is pointed at a replica', () => {
  it('is warned of', () => expectToHold(row, theBus()));

  it('is not with plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});
