import { jest } from '@jest/globals';
import { RedisBackOff } from '../../libs/event-bus/src/transports/redis/redis.back-off.js';
import type { Contender } from './support/contender.js';
import { named } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { counted } from './support/figures.js';
import { msUntil, msUntilHeard } from './support/hearing.js';
import { theBus } from './support/the.bus.js';

/** Published one after the other, 20 ms apart. */
const BURSTS = 150;
const EVERY_MS = 20;
/** One connection for each doubling of the wait, and one for what a busy machine makes of it: a tenth of the bursts. */
const CONNECTIONS = BURSTS / 10;
const BODY = 'x'.repeat(10_000);
/** As one message over the limit does, on servers too that do not count the bytes of a large one. */
const TOO_MUCH = `for message = 1, 100 do redis.call('PUBLISH', 'orders', ARGV[1]) end`;

const LIMIT = 'pubsub 100kb 0 0';

const stage = new FaultStage();

interface Outcome {
  readonly connections: number;
  readonly lines: number;
  readonly recoveredMs: number | undefined;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F35',
  fault: 'ready, then dead, again and again: bursts over the output-buffer limit, 50 a second for 3 s',
  promise: 'waits longer each time, logs in episodes, and hears again when it is over',
  async run(contender) {
    await stage.redis.cli('CONFIG', 'SET', 'client-output-buffer-limit', LIMIT);
    const heard: unknown[] = [];
    const handler = { name: 'listen', targets: ['orders'], handle: (event: unknown) => heard.push(event) };
    const service = await stage.start(contender, { handlers: [handler] });
    await stage.subscribed('orders');
    const admin = await stage.admin();
    const [connectionsBefore, linesBefore] = [
      await stage.connectionsReceived(admin),
      service.log.texts.length,
    ];
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      void admin.eval(TOO_MUCH, 0, BODY).catch(() => undefined);
      if (sent === BURSTS) clearInterval(timer);
    }, EVERY_MS);
    stage.closeLater(() => clearInterval(timer));
    await msUntil(() => sent === BURSTS, 30_000);
    const connections = (await stage.connectionsReceived(admin)) - connectionsBefore;
    const lines = service.log.texts.length - linesBefore;
    const recoveredMs = await msUntilHeard(() => admin.publish('orders', '{}'), heard);
    return { connections, lines, recoveredMs };
  },
  check({ connections, lines, recoveredMs }) {
    // Else nothing has happened.
    expect(connections).toBeGreaterThan(1);
    expect(connections).toBeLessThan(CONNECTIONS);
    expect(lines).toBeLessThan(CONNECTIONS);
    expect(recoveredMs).toBeDefined();
  },
  figure: ({ connections, lines }) =>
    `${counted(connections, 'connection')} and ${counted(lines, 'log line')} for ${BURSTS} bursts`,
};

function theBusThatForgets(): Contender {
  const next = jest.spyOn(RedisBackOff.prototype, 'next').mockImplementation((attempt) => attempt);
  stage.closeLater(() => next.mockRestore());
  return named('the bus, counting anew at each ready', theBus());
}

describe('F35: a link is ready and dies at once, again and again', () => {
  it('is tried less and less often', () => expectToHold(row, theBus()));

  it('would be tried without a pause (control)', () => expectToBite(row, theBusThatForgets()));
});
