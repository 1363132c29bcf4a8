import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { counted, since } from './support/figures.js';
import { msUntilHeard } from './support/hearing.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const PASSWORD = 'c4n4ry-p4ssw0rd';
/** Attempts that are refused before the password is right again. */
const REFUSALS = 6;
const FEW_LINES = 4;

const stage = new FaultStage();

interface Outcome {
  readonly recoveredMs: number | undefined;
  readonly lines: number;
  readonly leaks: number;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F11',
  fault: 'wrong password, then corrected',
  promise: 'keeps trying, logs few lines, everything comes back; the password is in no output',
  async run(contender) {
    const printed = capturePrinted();
    const heard: unknown[] = [];
    await stage.redis.cli('ACL', 'SETUSER', 'bus', 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
    const service = await stage.start(contender, {
      url: stage.redis.url.replace('//', `//bus:${PASSWORD}@`),
      handlers: [{ name: 'handle', targets: ['orders:*'], handle: (payload) => heard.push(payload) }],
    });
    const linesBefore = service.log.lines.length;
    await stage.redis.cli('ACL', 'SETUSER', 'bus', 'resetpass', '>another');
    await stage.redis.cli('CLIENT', 'KILL', 'USER', 'bus');
    await eventually(async () => expect(await refusals()).toBeGreaterThanOrEqual(REFUSALS), {
      timeoutMs: 20_000,
    });
    await stage.redis.cli('ACL', 'SETUSER', 'bus', 'resetpass', `>${PASSWORD}`);
    const recoveredMs = await msUntilHeard(() => stage.redis.cli('PUBLISH', 'orders:1', '{}'), heard);
    const output = [service.report(), ...printed].flatMap((text) => text.split('\n'));
    return {
      recoveredMs,
      lines: service.log.lines.length - linesBefore,
      leaks: output.filter((text) => text.includes(PASSWORD)).length,
    };
  },
  check({ recoveredMs, lines, leaks }) {
    expect(recoveredMs).toBeDefined();
    expect(lines).toBeLessThanOrEqual(FEW_LINES);
    expect(leaks).toBe(0);
  },
  figure: ({ recoveredMs, lines, leaks }) =>
    `${since('back', recoveredMs, 'it is right')}, ${counted(lines, 'log line')}, the password in ${leaks} of them`,
};

/** What goes to the console, which is nobody's log but seen by everybody. */
function capturePrinted(): readonly string[] {
  const printed: string[] = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    const spy = jest.spyOn(console, method).mockImplementation((...args) => {
      printed.push(args.map((item) => inspect(item, { depth: 20 })).join(' '));
    });
    stage.closeLater(() => spy.mockRestore());
  }
  return printed;
}

async function refusals(): Promise<number> {
  const stats = String(await stage.redis.cli('INFO', 'errorstats'));
  return Number(/errorstat_WRONGPASS:count=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe('F11: the password is wrong for a while', () => {
  it('brings everything back once it is right, and shows it nowhere', () => expectToHold(row, theBus()));

  it('is in the log of plain ioredis (control)', () => expectToBite(row, plainIoredis()));
});
