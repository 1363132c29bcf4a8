import { jest } from '@jest/globals';
import { BadRequestException, ForbiddenException, InternalServerErrorException } from '@nestjs/common';
import { z } from 'zod';
import { DispatchJournal, HeldHandler, eventOf } from '../../../../test/support/dispatch.journal.js';
import { settled } from '../../../../test/support/eventually.js';
import { defineEvent } from '../contracts/event.contract.js';
import type { StandardSchema } from '../contracts/standard.schema.js';
import { GroupClaimError, HandlerTimeoutError, NotConnectedError, PayloadInvalidError } from '../errors.js';
import { HandlerFailure } from '../handlers/handler.failure.js';
import { EventContext } from '../message/event-context.js';
import { json } from '../message/json.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { EventHandler } from './event.handler.js';
import type { Claim } from './group.claims.js';
import type { HandlerOptions } from './handler.options.js';
import { resolveHandlerSettings } from './handler.options.js';
import { HandlerRunner } from './handler.runner.js';
import type { RunnerOwner } from './runner.services.js';

type Invoke = EventHandler['invoke'];

function runnerOf(options: HandlerOptions, invoke: Invoke, claim?: Claim, restOf?: EventHandler['restOf']) {
  const journal = new DispatchJournal();
  const lingering = new Set<EventContext>();
  const ended = jest.fn((event: EventContext) => void lingering.delete(event));
  const settings = resolveHandlerSettings(options);
  const handler = { name: 'Orders.bill', targets: [], settings, invoke, ...(restOf && { restOf }) };
  const lingers = (event: EventContext) => void lingering.add(event);
  const done = jest.fn<RunnerOwner['done']>();
  const owner = { lingers, ended, done, begun: () => undefined };
  const runner = new HandlerRunner(handler, handler, journal.services(claim), owner);
  return { journal, lingering, ended, done, runner };
}

const contractEvent = (payload: unknown, schema: StandardSchema) =>
  new EventContext(
    new ReceivedEvent('orders', Buffer.from(JSON.stringify(payload)), json(), Date.now()).decode(),
    undefined,
    'default',
    undefined,
    defineEvent('orders', schema),
  );

const boom = () => Promise.reject(new Error('boom'));
const FAKE = { doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] } as const;

/** Lets what is ready run, then the time pass. */
async function pass(ms: number): Promise<void> {
  await settled();
  jest.advanceTimersByTime(ms);
  await settled();
}

describe('HandlerRunner', () => {
  beforeEach(() => void jest.useFakeTimers({ ...FAKE, doNotFake: [...FAKE.doNotFake], now: 10_000 }));
  afterEach(() => jest.useRealTimers());

  it('returns the outcome of a handler that is done at once, and asks for no promise', () => {
    const { journal, runner } = runnerOf({}, () => undefined);
    expect(runner.run(eventOf('a', '1'))).toBe('handled');
    expect(journal.lines).toEqual(['handled 1']);
    expect(
      runnerOf({}, () => {
        throw new Error('x');
      }).runner.run(eventOf('a', '1')),
    ).toBe('failed');
  });

  it.each<[string, HandlerOptions]>([
    ['retry', { retry: { attempts: 2 } }],
    ['timeoutMs', { timeoutMs: 5 }],
    ['deadLetter', { deadLetter: 'dead' }],
  ])('takes a handler with %s that is done at once for handled', async (_option, options) => {
    const { journal, runner } = runnerOf(options, () => undefined);
    await runner.run(eventOf('a', '1'));
    expect(journal.lines).toEqual(['handled 1']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each<[string, HandlerOptions, Invoke]>([
    [
      'a plain handler throws',
      {},
      () => {
        throw new Error('boom');
      },
    ],
    ['a plain handler rejects', {}, boom],
    [
      'a handler with options throws',
      { timeoutMs: 5 },
      () => {
        throw new Error('boom');
      },
    ],
    ['a handler with options rejects', { timeoutMs: 5 }, boom],
    ['nothing was thrown', {}, () => Promise.reject(undefined)],
  ])('never rejects, and reports one failure, when %s', async (_what, options, invoke) => {
    const { journal, runner } = runnerOf(options, invoke);
    await runner.run(eventOf('a', '1'));
    expect(journal.lines).toEqual([expect.stringMatching(/^failed 1 /)]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each<[string, HandlerOptions, Invoke]>([
    ['resolves', {}, () => Promise.resolve()],
    ['rejects', {}, boom],
    ['has options, and is done at once', { retry: {} }, () => undefined],
    ['has options, and rejects', { timeoutMs: 5, deadLetter: 'dead' }, boom],
  ])('says once that an event is done, with its key, where the handler %s', async (_how, options, invoke) => {
    const { runner, journal, done } = runnerOf(options, invoke);
    const reported: number[] = [];
    done.mockImplementation(() => void reported.push(journal.lines.length));
    const event = eventOf('a', '1');
    const work = runner.run(event, 'key');
    expect(done).not.toHaveBeenCalled();
    await work;
    await settled();
    expect(done.mock.calls).toEqual([[event, 'key']]);
    // What became of it is known by then.
    expect(reported).toEqual([journal.lines.length]);
  });

  it('says so of an event that waits for its schema or its dead letter, and of none that is done at once', async () => {
    const slow = runnerOf({}, () => undefined);
    await slow.runner.run(
      contractEvent(
        1,
        z.unknown().refine(async () => true),
      ),
      'slow',
    );
    const given = runnerOf({ deadLetter: 'dead' }, boom);
    await given.runner.giveUp(eventOf('a', '1'), 'no key', 'given');
    const quick = runnerOf({}, () => undefined);
    void quick.runner.run(eventOf('a', '1'), 'quick');
    void quick.runner.giveUp(eventOf('a', '1'), 'no key', 'quick');
    await settled();
    expect([slow, given, quick].map(({ done }) => done.mock.calls.map(([, key]) => key))).toEqual([
      ['slow'],
      ['given'],
      [],
    ]);
  });

  it('gives the key back even if a report throws', async () => {
    const { runner, journal, done } = runnerOf({}, () => Promise.resolve());
    jest.spyOn(journal, 'handled').mockImplementation(() => {
      throw new Error('it must not');
    });
    await expect(runner.run(eventOf('a', '1'), 'key')).rejects.toThrow('it must not');
    expect(done).toHaveBeenCalledTimes(1);
  });

  describe.each<[string, HandlerOptions]>([
    ['a plain handler', {}],
    ['a handler with options', { timeoutMs: 1_000 }],
  ])('waits for what is left of the result of %s', (_which, options) => {
    const left = (restOf: EventHandler['restOf']) =>
      runnerOf(options, async () => 'result', undefined, restOf);

    it('until it ends', async () => {
      let end!: () => void;
      const restOf = jest.fn(() => new Promise<void>((resolve) => (end = resolve)));
      const { runner, journal, done } = left(restOf);
      const work = runner.run(eventOf('a', '1'));
      await settled();
      expect([restOf.mock.calls, journal.lines, runner.calls.isEmpty]).toEqual([[['result']], [], false]);
      end();
      await work;
      await settled();
      expect([journal.lines, runner.calls.isEmpty, done.mock.calls.length]).toEqual([['handled 1'], true, 1]);
    });

    it.each<[string, () => Promise<void>]>([
      ['rejects', boom],
      [
        'throws',
        () => {
          throw new Error('boom');
        },
      ],
    ])('and fails where that %s', async (_how, restOf) => {
      const { runner, journal, done } = left(restOf);
      await runner.run(eventOf('a', '1'));
      await settled();
      expect([journal.lines, runner.calls.isEmpty, done.mock.calls.length]).toEqual([
        ['failed 1 boom'],
        true,
        1,
      ]);
    });

    it('and for nothing where nothing is left', async () => {
      const { runner, journal } = left(() => undefined);
      await runner.run(eventOf('a', '1'));
      expect(journal.lines).toEqual(['handled 1']);
    });
  });

  describe('with timeoutMs', () => {
    it('aborts the signal when the time is over, and reports who did not finish in it', async () => {
      const held = new HeldHandler();
      const { journal, runner, lingering, ended } = runnerOf({ timeoutMs: 1_000 }, (event) =>
        held.invoke(event),
      );
      const event = eventOf('a', '1');
      const done = runner.run(event);
      await pass(999);
      expect([event.signal.aborted, journal.lines]).toEqual([false, []]);
      await pass(1);
      await done;
      expect(journal.errors).toEqual([new HandlerTimeoutError('Orders.bill', 1_000)]);
      expect(event.signal.reason).toBe(journal.errors[0]);
      expect([lingering.size, ended.mock.calls.length]).toEqual([1, 0]);

      held.end('1');
      await settled();
      expect([lingering.size, ended.mock.calls.length]).toEqual([0, 1]);
      expect(journal.lines).toHaveLength(1);
    });

    it('says nothing more of a call that fails after its time', async () => {
      const held = new HeldHandler();
      const { journal, runner, ended } = runnerOf({ timeoutMs: 10 }, (event) => held.invoke(event));
      void runner.run(eventOf('a', '1'));
      await pass(10);
      held.fail('1', new Error('aborted'));
      await settled();
      expect(journal.lines).toEqual([expect.stringContaining('did not finish within 10 ms')]);
      expect(ended).toHaveBeenCalledTimes(1);
    });

    it('leaves no timer behind when the call ends in time', async () => {
      const { journal, runner } = runnerOf({ timeoutMs: 10 }, async () => undefined);
      const event = eventOf('a', '1');
      await runner.run(event);
      expect([journal.lines, jest.getTimerCount(), event.signal.aborted]).toEqual([['handled 1'], 0, false]);
    });

    it('aborts the signal of a call whose time is over no second time when it is abandoned', async () => {
      const held = new HeldHandler();
      const { runner } = runnerOf({ timeoutMs: 10 }, (event) => held.invoke(event));
      const event = eventOf('a', '1');
      void runner.run(event);
      await pass(10);
      runner.abandon('over');
      expect(event.signal.reason).toBeInstanceOf(HandlerTimeoutError);
    });
  });

  describe('with retry', () => {
    it('calls again after pauses that grow, and reports one failure at the end', async () => {
      const calls: number[] = [];
      const { journal, runner } = runnerOf({ retry: { attempts: 4, delayMs: 100, factor: 3 } }, () => {
        calls.push(Date.now() - 10_000);
        return boom();
      });
      const done = runner.run(eventOf('a', '1'));
      for (const ms of [100, 300, 900]) {
        await pass(ms - 1);
        await pass(1);
      }
      await done;
      expect(calls).toEqual([0, 100, 400, 1_300]);
      expect(journal.lines).toEqual(['repeated 1', 'repeated 1', 'repeated 1', 'failed 1 boom']);
    });

    it('is content with the first call that goes well', async () => {
      let calls = 0;
      const { journal, runner } = runnerOf({ retry: {} }, () => {
        calls += 1;
        if (calls < 2) throw new Error('not yet');
      });
      const done = runner.run(eventOf('a', '1'));
      await pass(100);
      await done;
      expect([calls, journal.lines]).toEqual([2, ['repeated 1', 'handled 1']]);
    });

    it('gives every attempt a signal of its own, and its own time', async () => {
      const held = new HeldHandler();
      const { journal, runner, lingering } = runnerOf(
        { timeoutMs: 1_000, retry: { attempts: 2, delayMs: 0 } },
        (event) => held.invoke(event),
      );
      const done = runner.run(eventOf('a', '1'));
      await pass(1_000);
      await pass(1);
      const [first, second] = held.events;
      expect([first?.signal.aborted, second?.signal.aborted]).toEqual([true, false]);
      expect(lingering.size).toBe(1);
      await pass(999);
      expect(second?.signal.aborted).toBe(false);
      held.end('1');
      held.end('1');
      await done;
      expect(journal.lines).toEqual(['repeated 1', 'handled 1']);
      expect(lingering.size).toBe(0);
    });

    it('hands the same payload to every attempt: what the schema made of it, once', async () => {
      const checks = jest.fn((value: string) => `${value}!`);
      const schema = z.string().transform(checks);
      const payloads: unknown[] = [];
      const { runner } = runnerOf({ retry: { attempts: 3, delayMs: 0 } }, (event) => {
        payloads.push(event.payload);
        return boom();
      });
      const done = runner.run(contractEvent('x', schema));
      await pass(1);
      await pass(1);
      await done;
      expect([payloads, checks.mock.calls.length]).toEqual([['x!', 'x!', 'x!'], 1]);
    });

    it.each<[string, unknown]>([
      ['a guard refused', new HandlerFailure('guard-refused', new ForbiddenException())],
      ['a pipe found the payload wrong', new HandlerFailure('pipe', new BadRequestException())],
    ])('does not repeat what %s', async (_what, failure) => {
      const invoke = jest.fn<Invoke>().mockRejectedValue(failure);
      const { journal, runner } = runnerOf({ retry: { attempts: 5 } }, invoke);
      await runner.run(eventOf('a', '1'));
      expect([invoke.mock.calls.length, journal.errors]).toEqual([1, [failure]]);
    });

    it.each<[string, unknown]>([
      ['a guard that broke', new HandlerFailure('guard', new Error('down'))],
      ['a pipe that broke', new HandlerFailure('pipe', new InternalServerErrorException())],
      ['a filter', new HandlerFailure('filter', new Error('down'))],
      ['an instance that could not be made', new HandlerFailure('scope', new Error('down'))],
    ])('repeats what failed because of %s', async (_what, failure) => {
      const invoke = jest.fn<Invoke>().mockRejectedValue(failure);
      const { runner } = runnerOf({ retry: { attempts: 2, delayMs: 1 } }, invoke);
      const done = runner.run(eventOf('a', '1'));
      await pass(1);
      await done;
      expect(invoke).toHaveBeenCalledTimes(2);
    });

    it('tries nothing again when it is abandoned, in a pause or in a call', async () => {
      const invoke = jest.fn<Invoke>().mockRejectedValue(new Error('boom'));
      const { journal, runner } = runnerOf(
        { retry: { attempts: 5, delayMs: 60_000 }, deadLetter: 'dead' },
        invoke,
      );
      const done = runner.run(eventOf('a', '1'));
      await settled();
      runner.abandon('over');
      await done;
      expect(invoke).toHaveBeenCalledTimes(1);
      expect(journal.lines).toEqual(['failed 1 boom', 'letter on dead']);
      expect(jest.getTimerCount()).toBe(0);

      const held = new HeldHandler();
      const other = runnerOf({ retry: { attempts: 5 } }, (event) => held.invoke(event));
      const running = other.runner.run(eventOf('a', '1'));
      await settled();
      other.runner.abandon('over');
      expect(held.events[0]?.signal.reason).toBe('over');
      held.fail('1', new Error('interrupted'));
      await running;
      expect(other.journal.lines).toEqual(['failed 1 interrupted']);
    });

    it('waits no longer than a timer can, however the pauses grow', async () => {
      const { journal, runner } = runnerOf(
        { retry: { attempts: 3, delayMs: 2 ** 31 - 1, factor: 100 } },
        boom,
      );
      const done = runner.run(eventOf('a', '1'));
      await pass(2 ** 31 - 1);
      await pass(2 ** 31 - 2);
      expect(journal.lines).toEqual(['repeated 1']);
      await pass(1);
      await done;
      expect(journal.lines).toEqual(['repeated 1', 'repeated 1', 'failed 1 boom']);
    });
  });

  describe('with a contract', () => {
    const schema = z.object({ id: z.number() });

    it.each<HandlerOptions>([{}, { retry: {}, deadLetter: 'dead' }])(
      'rejects what does not fit, without a call (%j)',
      async (options) => {
        const invoke = jest.fn<Invoke>();
        const { journal, runner } = runnerOf(options, invoke);
        await runner.run(contractEvent({ id: 'x' }, schema));
        expect(invoke).not.toHaveBeenCalled();
        expect(journal.lines[0]).toBe('rejected orders PayloadInvalidError');
      },
    );

    it('begins no call that waits for its schema when it is abandoned', async () => {
      for (const options of [{}, { timeoutMs: 10 }]) {
        const invoke = jest.fn<Invoke>();
        let admit = () => undefined as void;
        const slow = z
          .unknown()
          .refine(() => new Promise<boolean>((resolve) => (admit = () => resolve(true))));
        const { runner } = runnerOf(options, invoke);
        const done = runner.run(contractEvent(1, slow));
        runner.abandon('over');
        admit();
        await done;
        expect(invoke).not.toHaveBeenCalled();
      }
    });
  });

  describe('with deadLetter', () => {
    it('sends the event, the error and the handler after the last failure', async () => {
      const error = Object.assign(new TypeError('boom'), { code: 'E_BOOM' });
      const invoke = jest.fn<Invoke>().mockRejectedValue(error);
      const { journal, runner } = runnerOf(
        { deadLetter: 'dead', retry: { attempts: 2, delayMs: 5 } },
        invoke,
      );
      const done = runner.run(eventOf('orders:7', { id: 7 }));
      await settled();
      expect(journal.letters).toEqual([]);
      await pass(5);
      await done;
      expect(journal.letters).toEqual([
        {
          channel: 'dead',
          letter: {
            event: {
              channel: 'orders:7',
              payload: { id: 7 },
              bytes: 8,
              metadata: {},
              receivedAt: new Date(10_000).toISOString(),
            },
            error: { name: 'TypeError', message: 'boom', code: 'E_BOOM' },
            handler: 'Orders.bill',
            bus: 'default',
            attempts: 2,
          },
        },
      ]);
    });

    it('sends nothing for what went well in the end', async () => {
      const invoke = jest.fn<Invoke>().mockRejectedValueOnce(new Error('boom')).mockResolvedValue(undefined);
      const { journal, runner } = runnerOf({ deadLetter: 'dead', retry: { delayMs: 5 } }, invoke);
      const done = runner.run(eventOf('a', '1'));
      await pass(5);
      await done;
      expect(journal.letters).toEqual([]);
    });

    it('sends the payload as it came, where the schema made something else of it', async () => {
      const { journal, runner } = runnerOf({ deadLetter: 'dead' }, boom);
      await runner.run(contractEvent({ id: 1 }, z.object({ id: z.number().transform((id) => `#${id}`) })));
      expect(journal.letters[0]?.letter.event.payload).toEqual({ id: 1 });
    });

    it('sends a payload that does not fit its contract, which no handler has seen', async () => {
      const { journal, runner } = runnerOf({ deadLetter: 'dead' }, boom);
      await runner.run(contractEvent({ id: 'x' }, z.object({ id: z.number() })));
      expect(journal.letters[0]?.letter).toMatchObject({
        event: { payload: { id: 'x' } },
        error: { name: 'PayloadInvalidError', code: 'EVENT_BUS_PAYLOAD_INVALID' },
        attempts: 0,
      });
      expect(journal.errors[0]).toBeInstanceOf(PayloadInvalidError);
    });

    it('says what was really thrown where the pipeline wraps it', async () => {
      const failure = new HandlerFailure('handler', new RangeError('inner'));
      const { journal, runner } = runnerOf({ deadLetter: 'dead' }, () => Promise.reject(failure));
      await runner.run(eventOf('a', '1'));
      expect(journal.letters[0]?.letter.error).toEqual({ name: 'RangeError', message: 'inner' });
    });

    it.each<[unknown, object]>([
      ['text', { name: 'Error', message: 'text' }],
      [undefined, { name: 'Error', message: 'undefined' }],
      [Object.create(null), { name: 'Error', message: 'an object that has no text' }],
      [new HandlerTimeoutError('h', 1), { code: 'EVENT_BUS_HANDLER_TIMEOUT' }],
    ])('names anything that may be thrown: %p', async (thrown, error) => {
      const { journal, runner } = runnerOf({ deadLetter: 'dead' }, () => Promise.reject(thrown));
      await runner.run(eventOf('a', '1'));
      expect(journal.letters[0]?.letter.error).toMatchObject(error);
    });
  });

  describe('with a group', () => {
    const withId = (id: string | undefined) =>
      new EventContext(
        new ReceivedEvent(
          'a',
          Buffer.alloc(0),
          { decode: () => ({ payload: '1', metadata: id === undefined ? {} : { id, source: '/x' } }) },
          Date.now(),
        ).decode(),
        undefined,
        'default',
      );

    it('handles what it could claim, and leaves the rest to the others', async () => {
      const claimed = new Set<string>();
      const claim = async (key: string) => !claimed.has(key) && claimed.add(key) !== undefined;
      const one = runnerOf({ group: 'g' }, () => undefined, claim);
      const two = runnerOf({ group: 'g' }, () => undefined, claim);
      const event = withId('1');
      await Promise.all([one.runner.run(event), two.runner.run(event)]);
      expect([one.journal.lines, two.journal.lines]).toEqual([['handled 1'], ['left to group']]);
    });

    it('claims once, however often it calls', async () => {
      const claim = jest.fn<Claim>().mockResolvedValue(true);
      const { journal, runner } = runnerOf({ group: 'g', retry: { attempts: 3, delayMs: 1 } }, boom, claim);
      const done = runner.run(withId('1'));
      await pass(1);
      await pass(2);
      await done;
      expect([claim.mock.calls.length, journal.lines.at(-1)]).toEqual([1, 'failed 1 boom']);
    });

    it('handles nothing that nobody can know about, and says why', async () => {
      const invoke = jest.fn<Invoke>();
      const claim = () => Promise.reject(new NotConnectedError('down'));
      const { journal, runner } = runnerOf({ group: 'g' }, invoke, claim);
      await runner.run(withId('1'));
      await runner.run(withId(undefined));
      expect(invoke).not.toHaveBeenCalled();
      expect(journal.errors).toEqual([expect.any(GroupClaimError), expect.any(GroupClaimError)]);
    });

    it('begins no call when it is abandoned while it claims', async () => {
      const invoke = jest.fn<Invoke>();
      const { runner } = runnerOf({ group: 'g' }, invoke, () => Promise.resolve(true));
      const done = runner.run(withId('1'));
      runner.abandon('over');
      await done;
      expect(invoke).not.toHaveBeenCalled();
    });
  });

  it('reports an event that never came to a call, with a letter where one is wanted', async () => {
    const plain = runnerOf({}, boom);
    expect(plain.runner.giveUp(eventOf('a', '1'), 'no key')).toBe('failed');
    expect(plain.journal.lines).toEqual(['failed 1 no key']);
    const { journal, runner } = runnerOf({ deadLetter: 'dead' }, boom);
    await runner.giveUp(eventOf('a', '1'), 'no key');
    expect(journal.letters[0]?.letter).toMatchObject({ attempts: 0, error: { message: 'no key' } });
  });
});
