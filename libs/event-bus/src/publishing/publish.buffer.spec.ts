import { getEventListeners } from 'node:events';
import { jest } from '@jest/globals';
import { BusClosedError, NotConnectedError, PublishBufferFullError } from '../errors.js';
import { AbortWatch } from './abort.watch.js';
import { PublishBuffer } from './publish.buffer.js';

/** A link to send on, and what was sent on it. */
class Link {
  isUp = false;
  /** It says afterwards that there was no link. */
  answersLater = false;
  readonly sent: unknown[] = [];
  readonly buffer = new PublishBuffer(new AbortWatch());

  publish(name: unknown, { bufferMs = 1_000, bytes = 1, signal }: Options = {}): Promise<void> {
    return new Promise((sent, refused) => {
      const send = (done: (isSent: boolean) => void) => void this.send(name, done);
      this.buffer.deliver({ bytes, bufferMs, signal, send, sent, refused });
    });
  }

  comeBack(): void {
    this.isUp = true;
    this.buffer.sendBuffered();
  }

  private async send(name: unknown, done: (isSent: boolean) => void): Promise<void> {
    const { isUp } = this;
    if (isUp) this.sent.push(name);
    if (this.answersLater) await Promise.resolve();
    done(isUp);
  }
}

interface Options {
  readonly bufferMs?: number;
  readonly bytes?: number;
  readonly signal?: AbortSignal;
}

const reject = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('It did not reject.')),
    (error: unknown) => error,
  );

let link: Link;

beforeEach(() => {
  jest.useFakeTimers();
  link = new Link();
});
afterEach(() => {
  expect([jest.getTimerCount(), link.buffer.events, link.buffer.bytes]).toEqual([0, 0, 0]);
  jest.useRealTimers();
});

/** Until those that were published wait for the link. */
const waiting = (events: number) => async () => {
  for (let turn = 0; turn < 100 && link.buffer.events !== events; turn += 1) await Promise.resolve();
  expect(link.buffer.events).toBe(events);
};

describe('PublishBuffer', () => {
  it('sends at once where there is a link', async () => {
    link.isUp = true;
    const publishing = link.publish('a');
    expect(link.sent).toEqual(['a']);
    await publishing;
  });

  it('sends what waits in the order of the calls, before anything that is published after', async () => {
    const early = ['a', 'b', 'c'].map((name) => link.publish(name));
    await waiting(3)();
    const late = link.publish('d');
    link.comeBack();
    const last = link.publish('e');
    expect(link.sent).toEqual(['a', 'b', 'c', 'd', 'e']);
    await Promise.all([...early, late, last]);
    expect(link.sent).toHaveLength(5);
  });

  it.each([
    ['that is buffered', waiting(1)],
    ['that has just found no link', () => undefined],
  ])('lets nothing overtake an event %s, although there is a link', async (_state, until) => {
    const first = link.publish('a');
    await until();
    link.isUp = true;
    const second = link.publish('b');
    expect(link.sent).toEqual([]);
    link.comeBack();
    await Promise.all([first, second]);
    expect(link.sent).toEqual(['a', 'b']);
  });

  it('rejects when the link was not restored in time, and sends nothing of it later', async () => {
    const short = reject(link.publish('short', { bufferMs: 100 }));
    const long = link.publish('long', { bufferMs: 200 });
    await waiting(2)();
    jest.advanceTimersByTime(100);
    const error = (await short) as NotConnectedError;
    expect(error).toBeInstanceOf(NotConnectedError);
    expect(error.message).toContain('the connection was not restored within 100 ms');
    expect(link.buffer.events).toBe(1);
    link.comeBack();
    await long;
    expect(link.sent).toEqual(['long']);
  });

  it('keeps order and time of what could not be sent after all', async () => {
    const first = reject(link.publish('a', { bufferMs: 100 }));
    const others = ['b', 'c'].map((name) => link.publish(name));
    await waiting(3)();
    jest.advanceTimersByTime(60);
    link.buffer.sendBuffered();
    await waiting(3)();
    jest.advanceTimersByTime(39);
    expect(link.buffer.events).toBe(3);
    jest.advanceTimersByTime(1);
    expect(await first).toBeInstanceOf(NotConnectedError);
    link.comeBack();
    await Promise.all(others);
    expect(link.sent).toEqual(['b', 'c']);
  });

  it('tries again where the link came back while the answer was on its way', async () => {
    link.answersLater = true;
    const publishing = link.publish('a');
    link.comeBack();
    await publishing;
    expect(link.sent).toEqual(['a']);
  });

  it('gives up on a signal, with its reason', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = reject(link.publish('a', { signal }));
    const other = link.publish('b', { signal: new AbortController().signal });
    await waiting(2)();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(await reject(link.publish('c', { signal }))).toBe(reason);
    link.comeBack();
    await other;
    expect(link.sent).toEqual(['b']);
  });

  it('gives up when it is closed, and takes no more', async () => {
    const publishing = ['a', 'b'].map((name) => reject(link.publish(name)));
    await waiting(2)();
    link.buffer.close();
    for (const error of await Promise.all(publishing)) expect(error).toBeInstanceOf(BusClosedError);
    expect(await reject(link.publish('c'))).toBeInstanceOf(BusClosedError);
    link.comeBack();
    expect(link.sent).toEqual([]);
  });

  it('takes 10,000 events, and says of the next that it is full', async () => {
    const publishing = Array.from({ length: 10_000 }, (_, n) => link.publish(n));
    await waiting(10_000)();
    const error = await reject(link.publish('one too many'));
    expect(error).toBeInstanceOf(PublishBufferFullError);
    expect(error).toMatchObject({
      code: 'EVENT_BUS_PUBLISH_BUFFER_FULL',
      limit: '10,000 events or 16 MiB',
      message: expect.stringContaining('Nothing was sent: the send buffer is full (10,000 events or 16 MiB)'),
    });
    link.comeBack();
    await Promise.all(publishing);
    expect(link.sent).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  });

  it('takes 16 MiB, and more once some of it is gone', async () => {
    const controller = new AbortController();
    const mib = 1024 * 1024;
    const large = reject(link.publish('large', { bytes: 15 * mib, signal: controller.signal }));
    const small = link.publish('small', { bytes: mib });
    await waiting(2)();
    expect(link.buffer.bytes).toBe(16 * mib);
    expect(await reject(link.publish('one byte too many'))).toBeInstanceOf(PublishBufferFullError);
    controller.abort();
    await large;
    const next = link.publish('next', { bytes: 15 * mib });
    await waiting(2)();
    link.comeBack();
    await Promise.all([small, next]);
    expect(link.sent).toEqual(['small', 'next']);
  });
});
