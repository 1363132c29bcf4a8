import { jest } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { BadRequestException, Logger } from '@nestjs/common';
import type { DeadLetter } from './dispatching/dead.letter.js';
import type { EventHandler } from './dispatching/event.handler.js';
import { PayloadDecodeError, PayloadTooLargeError } from './errors.js';
import { EventBusObserver } from './event-bus.observer.js';
import { HandlerFailure } from './handlers/handler.failure.js';
import { EventContext } from './message/event-context.js';
import { json } from './message/json.codec.js';
import { ReceivedEvent } from './message/received.event.js';

const handler: EventHandler = { name: 'Orders.bill', targets: [], invoke: () => undefined };
const eventOn = (channel: string) =>
  new EventContext(new ReceivedEvent(channel, Buffer.from('"secret"'), json(), 0), undefined, 'default');
const letter: DeadLetter = {
  event: { channel: 'a', bytes: 1, metadata: {}, receivedAt: '' },
  error: { name: 'Error', message: 'x' },
  handler: 'Orders.bill',
  bus: 'default',
  attempts: 1,
};

describe('EventBusObserver', () => {
  let lines: string[];
  let observer: EventBusObserver;

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
    observer = new EventBusObserver('default', undefined);
  });

  afterEach(() => Logger.overrideLogger(['log', 'error', 'warn']));

  it('writes one line per failure, with the handler, the channel and the error, without the payload', () => {
    const error = new TypeError('no\nnew line');
    error.stack = 'TypeError: no\nnew line\n    at bill (orders.ts:1:1)';
    observer.failed(handler, eventOn('a"b'), error);
    expect(lines).toEqual([
      'error A handler failed (handler=Orders.bill channel="a\\"b" error="TypeError: no new line")     at bill (orders.ts:1:1) EventBus',
    ]);
    expect(observer.counters.failed).toBe(1);
  });

  it.each(['guard', 'guard-refused', 'filter'] as const)(
    'names isEventContext as the cure for a %s',
    (stage) => {
      observer.failed(handler, eventOn('a'), new HandlerFailure(stage, new Error('x')));
      expect(lines[0]).toContain('isEventContext');
    },
  );

  it('warns when a pipe refuses a payload, and says all that is wrong with it', () => {
    const refusal = new BadRequestException(['id: is required', 'total: must be a number']);
    observer.failed(handler, eventOn('a'), new HandlerFailure('pipe', refusal));
    observer.failed(handler, eventOn('a'), new HandlerFailure('pipe', new TypeError('a bug')));
    expect(lines[0]).toBe(
      'warn A pipe refused an event (handler=Orders.bill channel="a" error="BadRequestException: id: is required; total: must be a number") EventBus',
    );
    expect(lines[1]).toContain('error A pipe refused an event');
  });

  it('writes the first failure of each kind in full, and counts those that follow', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    for (let n = 0; n < 100_000; n += 1) observer.failed(handler, eventOn('a'), new TypeError(`no. ${n}`));
    observer.failed(handler, eventOn('a'), new RangeError('another'));
    observer.failed({ ...handler, name: 'Orders.ship' }, eventOn('a'), new TypeError('its own'));
    now.mockReturnValue(60_000);
    observer.failed(handler, eventOn('a'), new TypeError('a minute later'));
    now.mockRestore();
    expect(lines.map((line) => /error="(.*?)"(.*?)\)/.exec(line)?.slice(1).join(''))).toEqual([
      'TypeError: no. 0',
      'RangeError: another',
      'TypeError: its own',
      'TypeError: a minute later unlogged=99999',
    ]);
    expect(observer.counters.failed).toBe(100_003);
  });

  it.each<[string, (observer: EventBusObserver, error: Error) => void]>([
    ['calls that are repeated', (to, error) => to.repeated(handler, eventOn('a'), error)],
    [
      'refusals of a pipe',
      (to, error) => to.failed(handler, eventOn('a'), new HandlerFailure('pipe', error)),
    ],
    ['gap handlers that fail', (to, error) => to.gapHandlerFailed('Orders.reconcile', error)],
    ['streams that overflow', (to) => to.streamOverflowed('orders:*')],
    ['handlers that are slow', (to) => to.slowed(handler, 1, 1)],
    ['dead letters that are lost', (to) => to.deadLetterLost(letter, 'dead', 'no room')],
  ])('writes one line for %s one after the other', (_what, happen) => {
    const error = new BadRequestException('no');
    for (let n = 0; n < 1_000; n += 1) happen(observer, error);
    expect(lines).toHaveLength(1);
  });

  it('says that a handler has caught up where it said that it was slow', () => {
    const episode = { droppedEvents: 0, fromMs: Date.now() };
    for (let n = 0; n < 100; n += 1) {
      observer.slowed(handler, 1, 1);
      observer.caughtUp(handler, episode);
    }
    expect(lines.map((line) => /^(\w+ A handler (is|has)) /.exec(line)?.[1])).toEqual([
      'warn A handler is',
      'log A handler has',
    ]);
  });

  it('counts a message that was rejected by the events that were in it', () => {
    observer.rejected('a', new PayloadDecodeError('it is a frame of 200000 events.'), 200_000);
    expect(observer.counters.rejected).toBe(200_000);
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
    observer.failed(handler, eventOn('a'), odd);
    observer.failed(handler, eventOn('a'), Object.create(null));
    expect(lines).toHaveLength(2);
  });

  it.each([['text'], [undefined], [null], [{ a: 1 }]])('copes with a thrown %p', (thrown) => {
    observer.failed(handler, eventOn('a'), thrown);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('thrown: ');
  });

  it('logs what it cannot hand on once per episode, and counts the rest', () => {
    observer.rejected('a', new PayloadDecodeError('it is not JSON.'));
    observer.rejected('a', new PayloadTooLargeError('a', 2, 1));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('warn A message was dropped, its payload cannot be read (channel="a"');
    expect(observer.counters.rejected).toBe(2);
  });

  it('says once that the bus is degraded, and once that it is ready again', () => {
    const ready = { status: 'ready' } as const;
    const degraded = { status: 'degraded', reason: 'connection closed' } as const;
    observer.stateChanged(ready, { status: 'connecting' });
    observer.stateChanged(degraded, ready);
    observer.stateChanged({ status: 'degraded', reason: 'other' }, degraded);
    observer.stateChanged(ready, degraded);
    observer.stateChanged({ status: 'closed' }, ready);
    expect(lines).toEqual([
      'warn Event bus is degraded, events may be lost (reason="connection closed") EventBus',
      'log Event bus is ready again EventBus',
    ]);
  });

  it('says once why it is not connected yet', () => {
    observer.stateChanged({ status: 'connecting' }, undefined);
    observer.stateChanged({ status: 'connecting', reason: 'ECONNREFUSED' }, { status: 'connecting' });
    observer.stateChanged(
      { status: 'connecting', reason: 'ETIMEDOUT' },
      { status: 'connecting', reason: 'ECONNREFUSED' },
    );
    expect(lines).toEqual(['warn No connection yet, trying again (reason="ECONNREFUSED") EventBus']);
  });

  it('names what the shutdown did not wait for', () => {
    observer.drainIncomplete([{ handler: 'Orders.bill', running: 1, waiting: 2 }], 50);
    expect(lines[0]).toContain('unfinished="Orders.bill: 1 running, 2 waiting"');
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
    const error = new Error(`${evil}\n    at forged (evil.ts:1:1)`);
    error.name = evil;
    const letter = { handler: evil, event: { channel: evil } } as never;
    const call = { event: eventOn(evil), forMs: 1 };
    observer.failed(named, eventOn(evil), error);
    observer.failed(named, eventOn(evil), new HandlerFailure('filter', error, error));
    observer.failed(named, eventOn(evil), new BadRequestException([evil]));
    observer.repeated(named, eventOn(evil), error);
    observer.rejected(evil, error);
    observer.slowed(named, 1, 1);
    observer.stuck(named, call, 1);
    observer.deadLetterLost(letter, evil, evil);
    observer.gap({ reason: 'connection-lost', targets: [evil], fromMs: 1, toMs: 2, missed: 0, hint: evil });
    observer.gapHandlerFailed(evil, error);
    observer.gapHandlerStuck(evil, 1);
    observer.listenerFailed(evil, error);
    observer.warned({ sentence: 'x', fields: { node: evil }, advice: evil });
    observer.streamOverflowed(evil);
    observer.started('redis', evil, 1, 1);
    observer.startingDegraded(error);
    observer.stateChanged({ status: 'degraded', reason: evil }, undefined);
    observer.subscribed([{ kind: 'channel', name: evil }]);
    observer.keyspaceLacking([evil], evil, evil);
    observer.keyspaceUnknown(evil, evil);
    observer.keyspaceSet([evil], evil);
    observer.drainIncomplete([{ handler: evil, running: 1, waiting: 1 }], 1);
    observer.handlersFound({ lines: [evil], warnings: [evil] });
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line.replaceAll(/\n +at /g, ' at ')).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u);
      expect(line).not.toContain('\n    at forged');
      expect(line).not.toMatch(/^ +at forged/m);
    }
  });

  it('names the bus where it is not the default one', () => {
    new EventBusObserver('audit', undefined).started('redis', 'h:1', 2, 3);
    expect(lines).toEqual([
      'log Event bus is ready (transport=redis address=h:1 handlers=2 subscriptions=3) EventBus:audit',
    ]);
  });
});
