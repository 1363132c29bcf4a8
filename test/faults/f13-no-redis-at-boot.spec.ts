import { freePort } from '../support/free.port.js';
import { RedisServer } from '../support/redis.server.js';
import type { Contender, RunningContender } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inMs, since } from './support/figures.js';
import { msUntilHeard } from './support/hearing.js';
import { nestTransport } from './support/nest.transport.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const START_TIMEOUT_MS = 500;

const stage = new FaultStage();

/** Undefined when it neither starts nor fails. */
function startOn(
  port: number,
  contender: Contender,
  heard: unknown[],
): Promise<RunningContender | Error | undefined> {
  const starting = stage.start(contender, {
    url: `redis://127.0.0.1:${port}`,
    handlers: [{ name: 'handle', targets: ['orders'], handle: (payload) => heard.push(payload) }],
  });
  return inTime(starting.catch((error: Error) => error));
}

const failing: FaultRow<{ message: string | undefined; tookMs: number }> = {
  stage,
  id: 'F13',
  fault: 'no Redis at boot',
  promise: 'fails at its deadline with a clear error, never hangs',
  async run(contender) {
    const port = await freePort();
    const startedAtMs = performance.now();
    const started = await startOn(port, contender, []);
    return {
      message: started instanceof Error ? started.message.replaceAll(String(port), '<port>') : undefined,
      tookMs: performance.now() - startedAtMs,
    };
  },
  check({ message }) {
    expect(message).toContain('127.0.0.1:<port>');
    expect(message).toContain('ECONNREFUSED');
  },
  figure: ({ message, tookMs }) => (message === undefined ? 'hangs' : `fails after ${inMs(tookMs)}`),
};

const degrading: FaultRow<{ wasReady: boolean; recoveredMs: number | undefined }> = {
  stage,
  id: 'F13',
  fault: "no Redis at boot, onFailure: 'retry'",
  promise: 'starts degraded, and recovers when Redis is there',
  async run(contender) {
    const port = await freePort();
    const heard: unknown[] = [];
    const started = await startOn(port, contender, heard);
    const wasReady = started !== undefined && !(started instanceof Error) && started.isReady();
    const late = await RedisServer.start({ port });
    stage.closeLater(() => late.stop());
    return { wasReady, recoveredMs: await msUntilHeard(() => late.cli('PUBLISH', 'orders', '{}'), heard) };
  },
  check({ wasReady, recoveredMs }) {
    expect(wasReady).toBe(false);
    expect(recoveredMs).toBeDefined();
  },
  figure: ({ recoveredMs }) => since('up', recoveredMs, 'Redis is'),
};

describe('F13: there is no Redis at boot', () => {
  it('fails the boot at its deadline', () =>
    expectToHold(failing, theBus({ startup: { timeoutMs: START_TIMEOUT_MS } })));

  it('hangs with plain ioredis (control)', () => expectToBite(failing, plainIoredis()));

  it('degrades the bus when it is told to retry', () =>
    expectToHold(degrading, theBus({ startup: { timeoutMs: START_TIMEOUT_MS, onFailure: 'retry' } })));

  it("is the end for Nest's transport (control)", () => expectToBite(degrading, nestTransport()));
});
