import { describe, expect, it } from '@jest/globals';
import type { PublishOutcome } from '../transports/event.transport.js';
import { ReportSender } from './report.sender.js';

/** A sender whose clock goes on by hand, to a broker that answers by hand. */
function scene() {
  let nowMs = 0;
  let timer: { readonly dueMs: number; readonly act: () => void } | undefined;
  const sent: string[] = [];
  const told: unknown[] = [];
  const settles: ((outcome: PublishOutcome) => void)[] = [];
  const sender = new ReportSender(
    { hello: () => 'hello', report: () => 'report', bye: () => 'bye' },
    {
      send: (body, settled) => {
        sent.push(`${nowMs} ${body}`);
        settles.push(settled);
      },
      watched: (isWatched) => told.push(isWatched),
      failed: (error) => {
        told.push(error);
        return error === LOST.error;
      },
    },
    {
      now: () => nowMs,
      after: (ms, act) => {
        const own = { dueMs: nowMs + ms, act };
        timer = own;
        return () => {
          if (timer === own) timer = undefined;
        };
      },
    },
  );
  /** Lets time pass, and answers each message with this number of listeners, if there is one. */
  const pass = (ms: number, listeners?: number) => {
    const endMs = nowMs + ms;
    while (timer !== undefined && timer.dueMs <= endMs) {
      nowMs = timer.dueMs;
      const { act } = timer;
      timer = undefined;
      act();
      if (listeners !== undefined) answer({ subscriptions: listeners });
    }
    nowMs = endMs;
  };
  const answer = (outcome: PublishOutcome, index = -1) => settles.at(index)?.(outcome);
  return { sender, pass, answer, told, taken: () => sent.splice(0) };
}

const DENIED = { error: new Error('NOPERM') };
const LOST = { error: new Error('ECONNRESET') };

describe('ReportSender', () => {
  it('says hello every 5 seconds while nobody listens', () => {
    const { sender, pass, taken, told } = scene();
    sender.tell();
    pass(12_000, 0);
    expect(taken()).toEqual(['0 hello', '5000 hello', '10000 hello']);
    expect(told).toEqual([]);
  });

  it('reports at once when it counts a listener, then every second, until there is none', () => {
    const { sender, pass, taken, told } = scene();
    sender.tell();
    pass(6_000, 0);
    taken();
    pass(6_500, 1);
    expect(taken()).toEqual(['10000 hello', '10000 report', '11000 report', '12000 report']);
    pass(7_000, 0);
    expect(taken()).toEqual(['13000 report', '18000 hello']);
    expect(told).toEqual([true, false]);
  });

  it('tells at once what happens, and what happens in a burst together', () => {
    const { sender, pass, taken } = scene();
    sender.tell();
    pass(500, 1);
    taken();
    sender.tell();
    sender.tell();
    pass(0, 1);
    sender.tell();
    pass(100, 1);
    pass(0, 1);
    expect(taken()).toEqual(['500 report', '600 report']);
  });

  it('tells what happens while a message is on the way after the answer', () => {
    const { sender, pass, answer, taken } = scene();
    sender.tell();
    pass(0);
    sender.tell();
    pass(2_000);
    expect(taken()).toEqual(['0 hello']);
    answer({ subscriptions: 0 });
    pass(0, 0);
    expect(taken()).toEqual(['2000 hello']);
  });

  it('tries again after 30 seconds when it is denied, whatever happens meanwhile', () => {
    const { sender, pass, answer, taken, told } = scene();
    sender.tell();
    pass(0);
    answer(DENIED);
    sender.tell();
    pass(29_999, 0);
    expect(taken()).toEqual(['0 hello']);
    pass(1, 0);
    expect(taken()).toEqual(['30000 hello']);
    expect(told).toEqual([DENIED.error]);
  });

  it('tries again after 5 seconds when the connection is lost', () => {
    const { sender, pass, answer, taken } = scene();
    sender.tell();
    pass(0);
    answer(LOST);
    pass(5_000, 0);
    expect(taken()).toEqual(['0 hello', '5000 hello']);
  });

  it('tries again at once when the link is restored, and begins with a hello', () => {
    const { sender, pass, answer, taken, told } = scene();
    sender.tell();
    pass(0, 1);
    pass(1_000);
    answer(DENIED);
    sender.linkRestored();
    pass(100, 0);
    expect(taken()).toEqual(['0 hello', '0 report', '1000 report', '1100 hello']);
    expect(told).toEqual([true, false, DENIED.error]);
  });

  it('gives up an answer that does not come, and ignores it when it comes late', () => {
    const { sender, pass, answer, taken, told } = scene();
    sender.tell();
    pass(0);
    pass(30_000, 0);
    expect(taken()).toEqual(['0 hello', '30000 hello']);
    answer({ subscriptions: 1 }, 0);
    expect(told).toEqual([]);
  });

  it('says bye once, and nothing after it', () => {
    const { sender, pass, taken } = scene();
    sender.tell();
    pass(0, 0);
    sender.close();
    sender.close();
    sender.tell();
    sender.linkRestored();
    pass(60_000, 1);
    expect(taken()).toEqual(['0 hello', '0 bye']);
  });

  it('does not say bye if it never said hello', () => {
    const { sender, taken } = scene();
    sender.close();
    expect(taken()).toEqual([]);
  });

  it('takes an error of what it says or sends as a refusal', () => {
    const error = new Error('no snapshot');
    const told: unknown[] = [];
    const acts: (() => void)[] = [];
    const fails = () => {
      throw error;
    };
    const sender = new ReportSender(
      { hello: fails, report: fails, bye: fails },
      { send: () => undefined, watched: () => undefined, failed: (failure) => told.push(failure) > 1 },
      { now: () => 0, after: (_ms, act) => (acts.push(act), () => undefined) },
    );
    sender.tell();
    acts[0]?.();
    expect(told).toEqual([error]);
    expect(() => sender.close()).not.toThrow();
  });
});
