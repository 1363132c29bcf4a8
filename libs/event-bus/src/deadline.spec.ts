import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { startDeadline, withDeadline } from './deadline.js';

/** Nothing else happens meanwhile. */
function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

/** As an answer that waits in a socket: read once the event loop goes on. */
async function read<T>(value: T): Promise<T> {
  await turn();
  await turn();
  return value;
}

describe('withDeadline', () => {
  it('rejects when the time is over', async () => {
    const never = new Promise(() => undefined);
    await expect(withDeadline(never, 5, () => new Error('late'))).rejects.toThrow('late');
  });

  it('lets an answer win that came while the event loop was blocked', async () => {
    const answer = withDeadline(read('answer'), 50, () => new Error('late'));
    block(100);
    expect(await answer).toBe('answer');
  });

  it('does not count the time in which the event loop was blocked', async () => {
    const expired: string[] = [];
    startDeadline(60, () => expired.push('blocked'));
    block(120);
    startDeadline(5, () => expired.push('started later'));
    await new Promise<void>((resolve) => startDeadline(200, resolve));
    expect(expired).toEqual(['started later', 'blocked']);
  });
});

describe('startDeadline', () => {
  const expired: string[] = [];
  const start = (timeoutMs: number) => startDeadline(timeoutMs, () => expired.push(`after ${timeoutMs}`));
  const graceTurn = async () => {
    for (let n = 0; n < 3; n += 1) await turn();
  };
  beforeEach(() => {
    jest.useFakeTimers();
    expired.length = 0;
  });
  afterEach(() => jest.useRealTimers());

  it('calls nobody once it is cancelled, not even in the turns at its end', async () => {
    const deadline = start(10);
    start(9);
    jest.advanceTimersByTime(10);
    deadline.cancel();
    await graceTurn();
    expect(expired).toEqual(['after 9']);
  });

  it('begins again, also in the turns at its end', async () => {
    const deadline = start(10);
    jest.advanceTimersByTime(10);
    deadline.restart();
    jest.advanceTimersByTime(9);
    await graceTurn();
    expect(expired).toEqual([]);
    jest.advanceTimersByTime(1);
    await graceTurn();
    expect(expired).toEqual(['after 10']);
  });
});
