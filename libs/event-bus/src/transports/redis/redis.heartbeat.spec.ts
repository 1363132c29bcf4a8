import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { RedisHeartbeat } from './redis.heartbeat.js';
import type { RedisHeartbeatOptions } from './redis.heartbeat.js';

/** A link whose server answers when the test says so. */
class FakeLink {
  bytesRead = 0;
  isAwaitingReply = true;
  pings = 0;
  readonly blockedMs: number[] = [];
  readonly destroyed: string[] = [];
  private readonly unanswered: { resolve: () => void; reject: (error: Error) => void }[] = [];

  ping(): Promise<void> {
    this.pings += 1;
    return new Promise((resolve, reject) => this.unanswered.push({ resolve, reject }));
  }

  destroy(reason: Error): void {
    this.destroyed.push(reason.message);
  }

  blocked(blockedMs: number): void {
    this.blockedMs.push(blockedMs);
  }

  async answer(): Promise<void> {
    for (const { resolve } of this.unanswered.splice(0)) resolve();
    await graceTurns();
  }

  async vanish(): Promise<void> {
    for (const { reject } of this.unanswered.splice(0)) reject(new Error('the link is gone'));
    await graceTurns();
  }
}

/** The real turns that an unanswered beat waits for, and one more. */
const graceTurns = async () => {
  for (let count = 0; count < 3; count += 1) await turn();
};

const OPTIONS = { intervalMs: 1_000, timeoutMs: 400 };

describe('RedisHeartbeat', () => {
  let link: FakeLink;
  /** What the clock has gained while no timer ran. */
  let blockedMs = 0;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + blockedMs);
    blockedMs = 0;
    link = new FakeLink();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const start = (options: RedisHeartbeatOptions = OPTIONS) => {
    const heartbeat = new RedisHeartbeat(link, options, globalThis);
    heartbeat.start();
    return heartbeat;
  };
  /** Time passes, timers run, and so do the turns that they ask for. */
  const pass = async (ms: number) => {
    jest.advanceTimersByTime(ms);
    await graceTurns();
  };

  it('asks every interval, counted from the last question', async () => {
    start();
    await pass(999);
    expect(link.pings).toBe(0);
    await pass(1);
    expect(link.pings).toBe(1);
    await pass(300);
    await link.answer();
    await pass(699);
    expect(link.pings).toBe(1);
    await pass(1);
    expect(link.pings).toBe(2);
  });

  it('asks every two seconds and waits for two where nothing else is said', async () => {
    start({});
    await pass(2_000);
    expect(link.pings).toBe(1);
    await pass(1_999);
    expect(link.destroyed).toEqual([]);
    await pass(1);
    expect(link.destroyed).toEqual(['no answer to the heartbeat within 2000 ms']);
  });

  it('ends a link that does not answer, once', async () => {
    start();
    await pass(1_399);
    expect(link.destroyed).toEqual([]);
    await pass(1);
    expect(link.destroyed).toEqual(['no answer to the heartbeat within 400 ms']);
    await pass(10_000);
    expect(link.destroyed).toHaveLength(1);
    expect(link.pings).toBe(1);
  });

  it('does not ask again while an answer is due', async () => {
    start({ intervalMs: 100, timeoutMs: 1_000 });
    await pass(900);
    expect(link.pings).toBe(1);
    await link.answer();
    await pass(0);
    expect(link.pings).toBe(2);
  });

  it('takes an answer that comes in the grace turns', async () => {
    start();
    await pass(1_000);
    jest.advanceTimersByTime(400);
    await turn();
    await link.answer();
    expect(link.destroyed).toEqual([]);
    await pass(1_000);
    expect(link.pings).toBe(2);
  });

  it('waits on as long as bytes come, and no longer', async () => {
    start();
    await pass(1_000);
    for (let round = 0; round < 3; round += 1) {
      link.bytesRead += 1;
      await pass(400);
    }
    expect(link.destroyed).toEqual([]);
    await pass(400);
    expect(link.destroyed).toHaveLength(1);
  });

  it('ends a link on which bytes come and never an answer', async () => {
    start();
    await pass(1_000);
    for (let timeouts = 1; timeouts <= 4; timeouts += 1) {
      link.bytesRead += 1;
      await pass(400);
      expect([timeouts, link.destroyed]).toEqual([timeouts, []]);
    }
    link.bytesRead += 1;
    await pass(400);
    expect(link.destroyed).toEqual(['no answer to the heartbeat within 400 ms']);
  });

  it('takes no byte from before the question for a sign of life', async () => {
    start();
    link.bytesRead = 500;
    await pass(1_400);
    expect(link.destroyed).toHaveLength(1);
  });

  it('goes on where everything was answered, although the question itself was given up', async () => {
    start();
    await pass(1_000);
    await link.vanish();
    link.isAwaitingReply = false;
    await pass(400);
    expect(link.destroyed).toEqual([]);
    link.isAwaitingReply = true;
    await pass(600);
    expect(link.pings).toBe(2);
    await pass(400);
    expect(link.destroyed).toHaveLength(1);
  });

  it('leaves a link alone that is gone already', async () => {
    const heartbeat = start();
    await pass(1_000);
    await link.vanish();
    heartbeat.stop();
    await pass(10_000);
    expect(link.destroyed).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('stops between the time-out and the grace turns', async () => {
    const heartbeat = start();
    await pass(1_000);
    jest.advanceTimersByTime(400);
    heartbeat.stop();
    await graceTurns();
    expect(link.destroyed).toEqual([]);
  });

  it('asks again on the next link, and forgets the question to the last one', async () => {
    const heartbeat = start();
    await pass(1_000);
    heartbeat.stop();
    heartbeat.start();
    await link.answer();
    await pass(999);
    expect(link.pings).toBe(1);
    await pass(1);
    expect(link.pings).toBe(2);
  });

  describe('as a proof', () => {
    it('tells when the latest question was asked that was answered, and how long the answer took', async () => {
      const heartbeat = new RedisHeartbeat(link, OPTIONS, globalThis);
      expect(heartbeat.proof).toBeUndefined();
      const openedMs = performance.now();
      heartbeat.start();
      expect(heartbeat.proof).toEqual({ sinceMs: openedMs });
      await pass(1_000);
      await pass(30);
      expect(heartbeat.proof).toEqual({ sinceMs: openedMs });
      await link.answer();
      expect(heartbeat.proof).toEqual({ sinceMs: openedMs + 1_000, roundTripMs: 30 });
    });

    it('stays as it was while nobody answers, and forgets the round trip with the next link', async () => {
      const heartbeat = start();
      await pass(1_000);
      await link.answer();
      const { proof } = heartbeat;
      await pass(1_000);
      await link.vanish();
      heartbeat.stop();
      await pass(5_000);
      expect(heartbeat.proof).toEqual(proof);
      heartbeat.start();
      expect(heartbeat.proof).toEqual({ sinceMs: performance.now() });
    });

    it('is not what answers after the link was given up', async () => {
      const heartbeat = start();
      const { proof } = heartbeat;
      await pass(1_000);
      heartbeat.stop();
      await link.answer();
      expect(heartbeat.proof).toEqual(proof);
    });
  });

  describe('while the connection is made', () => {
    it('ends a link whose handshake nobody answers', async () => {
      const heartbeat = new RedisHeartbeat(link, OPTIONS, globalThis);
      heartbeat.expectHandshake();
      await pass(400);
      expect(link.destroyed).toEqual(['no answer to the handshake within 400 ms']);
      expect(link.pings).toBe(0);
    });

    it('waits for a server that has answered and lets the driver wait', async () => {
      const heartbeat = new RedisHeartbeat(link, OPTIONS, globalThis);
      heartbeat.expectHandshake();
      link.isAwaitingReply = false;
      await pass(4_000);
      expect(link.destroyed).toEqual([]);
      heartbeat.start();
      link.isAwaitingReply = true;
      await pass(999);
      expect(link.pings).toBe(0);
      await pass(1);
      expect(link.pings).toBe(1);
    });
  });

  describe('of a process that stands still', () => {
    it('tells it once, until a beat is on time', async () => {
      const heartbeat = start();
      blockedMs += 3_000;
      await pass(1_000);
      expect(link.blockedMs).toEqual([3_000]);
      await link.answer();
      expect(heartbeat.wasBlocked).toBe(true);
      blockedMs += 5_000;
      await pass(1_000);
      await link.answer();
      expect(link.blockedMs).toEqual([3_000]);

      await pass(1_000);
      await link.answer();
      expect(heartbeat.wasBlocked).toBe(false);
      blockedMs += 200;
      await pass(1_000);
      expect(link.blockedMs).toEqual([3_000, 200]);
    });

    it('says nothing of what is late by less than half the time-out', async () => {
      start();
      blockedMs += 199;
      await pass(1_000);
      expect(link.blockedMs).toEqual([]);
    });

    it('does not end a link for it whose answer waits in the socket', async () => {
      start();
      await pass(1_000);
      blockedMs += 800;
      jest.advanceTimersByTime(400);
      expect(link.blockedMs).toEqual([800]);
      await turn();
      await link.answer();
      expect(link.destroyed).toEqual([]);
    });

    it('notices it when the link is lost before any timer runs', () => {
      const heartbeat = start();
      blockedMs += 1_500;
      heartbeat.stop();
      expect(link.blockedMs).toEqual([500]);
      expect(heartbeat.wasBlocked).toBe(true);
    });
  });
});
