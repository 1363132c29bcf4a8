import fc from 'fast-check';
import { eventOf } from '../../../../test/support/dispatch.journal.js';
import type { BegunCall } from './running.calls.js';
import { RunningCalls } from './running.calls.js';

const payloadsIn = (calls: RunningCalls) => calls.events().map(({ payload }) => payload);

describe('RunningCalls', () => {
  it('does what a list would do, for any order of begins and ends', () => {
    const step = fc.oneof(fc.constant('begin' as const), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const calls = new RunningCalls();
        const list: { readonly call: BegunCall; readonly payload: number }[] = [];
        steps.forEach((what, payload) => {
          if (what === 'begin') list.push({ call: calls.begin(eventOf('a', payload)), payload });
          else for (const { call } of list.splice(what % (list.length + 1), 1)) calls.end(call);
          expect(payloadsIn(calls)).toEqual(list.map((one) => one.payload));
          expect([calls.isEmpty, calls.look(0)?.event.payload]).toEqual([
            list.length === 0,
            list[0]?.payload,
          ]);
        });
      }),
    );
  });

  it('times a call from the first look after it began', () => {
    const calls = new RunningCalls();
    const first = calls.begin(eventOf('a', 1));
    expect(calls.look(100)).toMatchObject({ call: first, forMs: 0 });
    calls.begin(eventOf('a', 2));
    expect(calls.look(150)?.forMs).toBe(50);
    calls.end(first);
    expect(calls.look(400)?.forMs).toBe(250);
  });

  it('ends a call once', () => {
    const calls = new RunningCalls();
    const [first, second] = [calls.begin(eventOf('a', 1)), calls.begin(eventOf('a', 2))];
    calls.end(first);
    calls.end(first);
    expect([payloadsIn(calls), first.isRunning, second.isRunning]).toEqual([[2], false, true]);
  });

  it('keeps nothing of a call that has ended, and that call nothing of the others', () => {
    const calls = new RunningCalls();
    const [first, second, third] = [1, 2, 3].map((payload) => calls.begin(eventOf('a', payload)));
    calls.end(second as BegunCall);
    expect([second?.older, second?.newer]).toEqual([undefined, undefined]);
    expect([first?.newer, third?.older]).toEqual([third, first]);
  });
});
