import type { RunningContender } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { msUntil } from './support/hearing.js';
import { nestTransport } from './support/nest.transport.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const ALLOWED = 'orders:created';
const DENIED = 'secret:orders';

const stage = new FaultStage();

/** Starts a contender that may not have one of its two channels. */
async function startWithout(
  contender: Parameters<typeof stage.start>[0],
  heard: Set<string>,
): Promise<RunningContender | Error> {
  const rules = ['resetkeys', 'resetchannels', `&${ALLOWED}`, '+@all'];
  await stage.redis.cli('ACL', 'SETUSER', 'bus', 'on', '>secret', ...rules);
  return stage
    .start(contender, {
      url: stage.redis.url.replace('//', '//bus:secret@'),
      handlers: [
        { name: 'record', targets: [DENIED], handle: () => heard.add(DENIED) },
        { name: 'notify', targets: [ALLOWED], handle: () => heard.add(ALLOWED) },
      ],
    })
    .catch((error: Error) => error);
}

const failing: FaultRow<{ message: string | undefined }> = {
  stage,
  id: 'F10',
  fault: 'ACL denies a channel at boot',
  promise: 'boot fails and names target and handler',
  async run(contender) {
    const started = await startWithout(contender, new Set());
    return { message: started instanceof Error ? started.message : undefined };
  },
  check({ message }) {
    expect(message).toContain('NOPERM');
    expect(message).toContain(DENIED);
    expect(message).toContain('Handlers.record');
  },
  figure: ({ message }) => (message === undefined ? 'boot succeeds' : `“${message}”`),
};

const degrading: FaultRow<{ isReady: boolean; heard: readonly string[]; isNamed: boolean }> = {
  stage,
  id: 'F10',
  fault: "ACL denies a channel at boot, onFailure: 'retry'",
  promise: 'starts degraded, serves the others and names the one that is denied',
  async run(contender) {
    const heard = new Set<string>();
    const started = await startWithout(contender, heard);
    if (started instanceof Error) return { isReady: false, heard: [], isNamed: false };
    await msUntil(async () => {
      for (const channel of [DENIED, ALLOWED]) await stage.redis.cli('PUBLISH', channel, '{}');
      return heard.size > 0;
    });
    const isNamed = started.log.troubles.some((line) => line.includes('NOPERM') && line.includes(DENIED));
    return { isReady: started.isReady(), heard: [...heard], isNamed };
  },
  check({ isReady, heard, isNamed }) {
    expect(heard).toEqual([ALLOWED]);
    expect(isReady).toBe(false);
    expect(isNamed).toBe(true);
  },
  figure: ({ isReady, heard }) => `${isReady ? 'ready' : 'not ready'}, hears ${heard.length} of 2 channels`,
};

describe('F10: a permission is missing at boot', () => {
  it('fails the boot, and names target and handler', () => expectToHold(failing, theBus()));

  it('fails plain ioredis without a name (control)', () => expectToBite(failing, plainIoredis()));

  it("ends the process with Nest's transport (control)", () => expectToBite(failing, nestTransport()));

  it('degrades the bus when it is told to retry', () =>
    expectToHold(degrading, theBus({ startup: { onFailure: 'retry' } })));

  it('leaves plain ioredis without the others (control)', () => expectToBite(degrading, plainIoredis()));

  it("ends the process, here too, with Nest's transport (control)", () =>
    expectToBite(degrading, nestTransport()));
});
