import { jest } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { BadRequestException, ForbiddenException, Logger } from '@nestjs/common';
import { observedReporter } from '../../../../test/support/bus.reporters.js';
import type { DeadLetter } from '../dispatching/dead.letter.js';
import { UNTIMED } from '../dispatching/dispatch.reporter.js';
import type { EventHandler } from '../dispatching/event.handler.js';
import { PayloadDecodeError, PayloadTooLargeError } from '../errors.js';
import { HandlerFailure } from '../handlers/handler.failure.js';
import { EventContext } from '../message/event-context.js';
import { json } from '../message/json.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { BusReporter } from './bus.reporter.js';
import { LogObserver } from './log.observer.js';

const handler: EventHandler = { name: 'Orders.bill', targets: [], invoke: () => undefined };
const eventOn = (channel: string) =>
  new EventContext(
    new ReceivedEvent(channel, Buffer.from('"secret"'), json(), 0).decode(),
    undefined,
    'default',
  );
const letter: DeadLetter = {
  event: { channel: 'a', bytes: 1, metadata: {}, receivedAt: '' },
  error: { name: 'Error', message: 'x' },
  handler: 'Orders.bill',
  bus: 'default',
  attempts: 1,
};

describe('LogObserver', () => {
  let lines: string[];
  let reporter: BusReporter;

  beforeEach(() => {
    lines = [];
    const write =
      (level: string) =>
      (...parts: unknown[]) =>
        lines.push([level, ...parts.filter((part) => part !== undefined).map(String)].join(' '));
    const logger: LoggerService = {
      log: write('log'),
      error: write('error'),
      warn: write('warn'),
      debug: write('debug'),
      verbose: write('verbose'),
    };
    Logger.overrideLogger(logger);
    ({ reporter } = observedReporter());
  });

  afterEach(() => Logger.overrideLogger(['log', 'error', 'warn']));

  it('writes one line per failure, with the handler, the channel and the error, without the payload', () => {
    const error = new TypeError('no\nnew line');
    error.stack = 'TypeError: no\nnew line\n    at bill (orders.ts:1:1)';
    reporter.failed(handler, eventOn('a"b'), error, UNTIMED);
    expect(lines).toEqual([
      'error A handler failed (handler=Orders.bill channel="a\\"b" error="TypeError: no new line")     at bill (orders.ts:1:1) EventBus',
    ]);
    expect(reporter.counters.failed).toBe(1);
  });

  it('warns in one line when a guard refuses, with what is probably wrong', () => {
    const refusal = new ForbiddenException('no');
    for (let n = 0; n < 11; n += 1)
      reporter.failed(
        handler,
        eventOn('a'),
        new HandlerFailure('guard-refused', refusal, 'Mend it.'),
        UNTIMED,
      );
    expect(lines).toEqual([
      'warn A guard refused an event (handler=Orders.bill channel="a" error="ForbiddenException: no"). Mend it. EventBus',
    ]);
  });

  it('warns when a pipe refuses a payload, and says all that is wrong with it', () => {
    const refusal = new BadRequestException(['id: is required', 'total: must be a number']);
    reporter.failed(handler, eventOn('a'), new HandlerFailure('pipe', refusal), UNTIMED);
    reporter.failed(handler, eventOn('a'), new HandlerFailure('pipe', new TypeError('a bug')), UNTIMED);
    expect(lines[0]).toBe(
      'warn A pipe refused an event (handler=Orders.bill channel="a" error="BadRequestException: id: is required; total: must be a number") EventBus',
    );
    expect(lines[1]).toContain('error A pipe refused an event');
  });

  it('writes the first failure of each kind in full, and counts those that follow', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    for (let n = 0; n < 100_000; n += 1)
      reporter.failed(handler, eventOn('a'), new TypeError(`no. ${n}`), UNTIMED);
    reporter.failed(handler, eventOn('a'), new RangeError('another'), UNTIMED);
    reporter.failed({ ...handler, name: 'Orders.ship' }, eventOn('a'), new TypeError('its own'), UNTIMED);
    now.mockReturnValue(60_000);
    reporter.failed(handler, eventOn('a'), new TypeError('a minute later'), UNTIMED);
    now.mockRestore();
    expect(lines.map((line) => /error="(.*?)"(.*?)\)/.exec(line)?.slice(1).join(''))).toEqual([
      'TypeError: no. 0',
      'RangeError: another',
      'TypeError: its own',
      'TypeError: a minute later unlogged=99999',
    ]);
    expect(reporter.counters.failed).toBe(100_003);
  });

  it.each<[string, (reporter: BusReporter, error: Error) => void]>([
    ['calls that are repeated', (to, error) => to.repeated(handler, eventOn('a'), error, UNTIMED)],
    [
      'refusals of a pipe',
      (to, error) => to.failed(handler, eventOn('a'), new HandlerFailure('pipe', error), UNTIMED),
    ],
    ['gap handlers that fail', (to, error) => to.gapHandlerFailed('Orders.reconcile', error)],
    ['streams that overflow', (to) => to.streamDropped('orders:*')],
    ['handlers that are slow', (to) => to.slowed(handler, 1, 1)],
    ['dead letters that are lost', (to) => to.deadLetterLost('dead', letter, 'no room')],
  ])('writes one line for %s one after the other', (_what, happen) => {
    const error = new BadRequestException('no');
    for (let n = 0; n < 1_000; n += 1) happen(reporter, error);
    expect(lines).toHaveLength(1);
  });

  it('says that a handler has caught up where it said that it was slow', () => {
    const episode = { droppedEvents: 0, fromMs: Date.now() };
    for (let n = 0; n < 100; n += 1) {
      reporter.slowed(handler, 1, 1);
      reporter.caughtUp(handler, episode);
    }
    expect(lines.map((line) => /^(\w+ Handler (is|has)) /.exec(line)?.[1])).toEqual([
      'warn Handler is',
      'log Handler has',
    ]);
  });

  it('counts a message that was rejected by the events that were in it', () => {
    reporter.rejected('a', new PayloadDecodeError('it is a frame of 200000 events.'), 200_000);
    expect(reporter.counters.rejected).toBe(200_000);
    expect(lines).toHaveLength(1);
  });

  it('copes with an error whose fields are no texts', () => {
    const odd = new Error('x');
    Object.defineProperty(odd, 'stack', { value: 7 });
    Object.defineProperty(odd, 'name', {
      get() {
        throw new Error('no');
      },
    });
    reporter.failed(handler, eventOn('a'), odd, UNTIMED);
    reporter.failed(handler, eventOn('a'), Object.create(null), UNTIMED);
    expect(lines).toHaveLength(2);
  });

  it.each([['text'], [undefined], [null], [{ a: 1 }]])('copes with a thrown %p', (thrown) => {
    reporter.failed(handler, eventOn('a'), thrown, UNTIMED);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('thrown: ');
  });

  it('logs what it cannot hand on once per episode, and counts the rest', () => {
    reporter.rejected('a', new PayloadDecodeError('it is not JSON.'));
    reporter.rejected('a', new PayloadTooLargeError('a', 2, 1));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('warn A message was dropped: its payload cannot be read (channel="a"');
    expect(reporter.counters.rejected).toBe(2);
  });

  it('says once that the bus is degraded, and once that it is ready again', () => {
    const ready = { status: 'ready' } as const;
    const degraded = { status: 'degraded', reason: 'connection closed' } as const;
    reporter.stateChanged(ready, { status: 'connecting' });
    reporter.stateChanged(degraded, ready);
    reporter.stateChanged({ status: 'degraded', reason: 'other' }, degraded);
    reporter.stateChanged(ready, degraded);
    reporter.stateChanged({ status: 'closed' }, ready);
    expect(lines).toEqual([
      'warn Event bus is degraded, events may be lost (reason="connection closed") EventBus',
      'log Event bus is ready again EventBus',
    ]);
  });

  it('says once why it is not connected yet', () => {
    reporter.stateChanged({ status: 'connecting' }, undefined);
    reporter.stateChanged({ status: 'connecting', reason: 'ECONNREFUSED' }, { status: 'connecting' });
    reporter.stateChanged(
      { status: 'connecting', reason: 'ETIMEDOUT' },
      { status: 'connecting', reason: 'ECONNREFUSED' },
    );
    expect(lines).toEqual(['warn No connection yet, trying again (reason="ECONNREFUSED") EventBus']);
  });

  it('writes a warning with its values and its advice, and no more than a few of a list', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    reporter.warned({
      sentence: 'It is so',
      fields: { count: 2, reason: 'a "b"', nodes },
      advice: 'Do this.',
    });
    reporter.warned({ sentence: 'It is so.', fields: {} });
    reporter.noted({ level: 'debug', sentence: 'It was done', fields: { what: 'it' } });
    expect(lines).toEqual([
      'warn It is so (count=2 reason="a \\"b\\"" nodes="a", "b", "c", "d", "e" and 2 more). Do this. EventBus',
      'warn It is so. EventBus',
      'debug It was done (what="it") EventBus',
    ]);
  });

  it.each([
    '\n',
    '\r',
    '\u001b[2J',
    '\u007f',
    '\u0085',
    '\u009b',
    '\u2028',
    '\u2029',
    '\u202e',
    '\u2066',
    '\u200b',
    '\ufeff',
    '\ud800',
  ])('lets no text from outside break, recolour or turn around a line: %j', (hostile) => {
    const evil = `a${hostile}b") evil=1 (`;
    const named: EventHandler = { ...handler, name: evil };
    const error = new PayloadDecodeError(`${evil}\n    at forged (evil.ts:1:1)`);
    error.name = evil;
    const evilLetter = { ...letter, handler: evil, event: { ...letter.event, channel: evil } };
    const call = { event: eventOn(evil), forMs: 1 };
    reporter.failed(named, eventOn(evil), error, UNTIMED);
    reporter.failed(named, eventOn(evil), new HandlerFailure('filter', error, evil), UNTIMED);
    reporter.failed(named, eventOn(evil), new BadRequestException([evil]), UNTIMED);
    reporter.repeated(named, eventOn(evil), error, UNTIMED);
    reporter.rejected(evil, error);
    reporter.slowed(named, 1, 1);
    reporter.stuck(named, call, 1);
    reporter.deadLetterLost(evil, evilLetter, evil);
    reporter.gap({ reason: 'connection-lost', targets: [evil], fromMs: 1, toMs: 2, missed: 0, hint: evil });
    reporter.gapHandlerFailed(evil, error);
    reporter.gapHandlerStuck(evil, 1);
    reporter.listenerFailed(evil, error);
    reporter.warned({ sentence: 'x', fields: { node: evil }, advice: evil });
    reporter.streamDropped(evil);
    reporter.started({ transport: 'redis', address: evil, handlers: 1, subscriptions: 1 });
    reporter.hookStuck(evil, evil, 1);
    reporter.stateChanged({ status: 'degraded', reason: evil }, undefined);
    reporter.subscribed([{ kind: 'channel', name: evil }]);
    reporter.warned({ sentence: evil, fields: { nodes: [evil], reason: evil } });
    reporter.noted({ level: 'debug', sentence: evil, fields: {} });
    reporter.unstuck(named, eventOn(evil));
    new LogObserver('default').observerFailed(evil, 'handled', error, 0);
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line.replaceAll(/\n +at /g, ' at ')).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u);
      expect(line).not.toContain('\n    at forged');
      expect(line).not.toMatch(/^ +at forged/m);
    }
  });

  it('names the bus where it is not the default one', () => {
    observedReporter('audit').reporter.started({
      transport: 'redis',
      address: 'h:1',
      handlers: 2,
      subscriptions: 3,
    });
    expect(lines).toEqual([
      'log Event bus is ready (transport=redis address=h:1 handlers=2 subscriptions=3) EventBus:audit',
    ]);
  });
});
