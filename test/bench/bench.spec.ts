import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { jest } from '@jest/globals';
import { NodeProcess } from '../e2e/support/node.process.js';
import { eventually } from '../support/eventually.js';

jest.setTimeout(60_000);

/** Nothing else tells which processes a process has started. */
const hasProc = existsSync('/proc/self/task');
const itWithProc = hasProc ? it : it.skip;
const skipReason = hasProc ? '' : ' (skipped: there is no /proc to look into)';

describe('npm run bench', () => {
  const started: NodeProcess[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.stop()));
  });

  function run(script: string, ...args: string[]): NodeProcess {
    const process = NodeProcess.start(script, {}, args);
    started.push(process);
    return process;
  }

  it.each([
    ['drop', 'saw 299 events of 300'],
    ['repeat', 'saw 602 events of 601'],
  ])('has no result when a contender does %s an event', async (fault, problem) => {
    const control = run('test/bench/support/control.run.mjs', fault);
    expect(await control.exited).toMatchObject({ code: 1 });
    expect(control.output).toContain(problem);
  });

  it('has one when the same contender does neither', async () => {
    const control = run('test/bench/support/control.run.mjs', 'none');
    expect({ ...(await control.exited), output: control.output }).toMatchObject({ code: 0, output: '' });
  });

  it.each([
    [['--case', 'P99'], 'There is no case P99. Write --case with some of P1, P2'],
    [['--fast'], "Unknown option '--fast'"],
    [['--rounds', '0'], '--rounds must be a whole number from 1 to 99, not "0".'],
    [['--write', '--case', 'P1'], '--write takes a full run'],
    [['--compare', 'nowhere.json'], '--compare cannot read nowhere.json'],
    [['--compare', 'package.json'], '--compare takes a file that --json has written'],
  ])('refuses %j and says what to write', async (args, problem) => {
    const bench = run('bench/bench.mjs', ...args);
    expect(await bench.exited).toMatchObject({ code: 1 });
    expect(bench.output).toContain(problem);
  });

  itWithProc(`leaves no process behind when it is interrupted${skipReason}`, async () => {
    const bench = run('bench/bench.mjs', '--case', 'P3');
    await bench.prints(/^node /m);
    const children = await childrenOf(bench.pid);
    expect(children.length).toBeGreaterThan(0);
    bench.signal('SIGINT');
    expect(await bench.exited).toMatchObject({ code: 130 });
    await eventually(() => expect(children.filter(isAlive)).toEqual([]));
  });
});

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
