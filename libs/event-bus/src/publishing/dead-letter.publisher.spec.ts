import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { observedReporter } from '../../../../test/support/bus.reporters.js';
import { settled } from '../../../../test/support/eventually.js';
import type { DeadLetter } from '../dispatching/dead.letter.js';
import { NotConnectedError, PayloadEncodeError, PayloadTooLargeError } from '../errors.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import { DeadLetterPublisher } from './dead-letter.publisher.js';

const LETTER: DeadLetter = {
  event: { channel: 'orders', payload: { id: 7 }, bytes: 8, metadata: {}, receivedAt: 'now' },
  error: { name: 'Error', message: 'boom' },
  handler: 'Orders.bill',
  bus: 'default',
  attempts: 1,
};
const WITHOUT_CONTENT = {
  ...LETTER,
  event: { channel: 'orders', bytes: 8, metadata: {}, receivedAt: 'now' },
};

describe('DeadLetterPublisher', () => {
  let publish: jest.Mock<(channel: string, payload: unknown, options: unknown) => Promise<number>>;
  let reporter: BusReporter;
  let letters: DeadLetterPublisher;
  const lines: string[] = [];

  beforeEach(() => {
    lines.length = 0;
    const keep = (line: unknown) => lines.push(String(line));
    Logger.overrideLogger({ log: keep, warn: keep, error: keep });
    publish = jest.fn<typeof publish>().mockResolvedValue(1);
    ({ reporter } = observedReporter());
    letters = new DeadLetterPublisher({ publish }, reporter);
  });
  afterEach(() => Logger.overrideLogger(['log', 'error', 'warn']));

  it('publishes a letter, and lets it wait for a connection that is lost for a moment', async () => {
    await letters.send('dead', LETTER);
    expect(publish.mock.calls).toEqual([['dead', LETTER, { whenDisconnected: { bufferMs: 5_000 } }]]);
    expect([reporter.counters.deadLettered, lines]).toEqual([1, []]);
  });

  it('leaves the content out of a letter that is too large', async () => {
    publish.mockRejectedValueOnce(new PayloadTooLargeError('dead', 2, 1));
    await letters.send('dead', LETTER);
    expect(publish.mock.calls.map(([, payload]) => payload)).toEqual([LETTER, WITHOUT_CONTENT]);
    expect([reporter.counters.deadLettered, reporter.counters.deadLettersLost]).toEqual([1, 0]);
  });

  it('sends JSON text where the codec takes bytes and text alone, without content where that is too large', async () => {
    publish.mockRejectedValueOnce(new PayloadEncodeError('raw() takes text.'));
    await letters.send('dead', LETTER);
    expect(publish.mock.calls[1]?.[1]).toBe(JSON.stringify(LETTER));

    publish.mockClear();
    publish.mockRejectedValueOnce(new PayloadEncodeError('raw() takes text.'));
    publish.mockRejectedValueOnce(new PayloadTooLargeError('dead', 2, 1));
    publish.mockRejectedValueOnce(new PayloadEncodeError('raw() takes text.'));
    await letters.send('dead', LETTER);
    expect(publish.mock.calls.at(-1)?.[1]).toBe(JSON.stringify(WITHOUT_CONTENT));
    expect(reporter.counters.deadLettered).toBe(2);
  });

  it('counts a letter that is lost, and says once a minute which and why', async () => {
    publish.mockRejectedValue(new NotConnectedError('the link is down'));
    await letters.send('dead', LETTER);
    await letters.send('dead', LETTER);
    expect([reporter.counters.deadLettered, reporter.counters.deadLettersLost]).toEqual([0, 2]);
    expect(lines).toEqual([
      expect.stringMatching(
        /^A dead letter is lost \(deadLetter="dead" handler=Orders\.bill channel="orders" reason=".*the link is down/,
      ),
    ]);
  });

  it('never rejects, also where a payload has no JSON form', async () => {
    publish.mockRejectedValue(new PayloadEncodeError('not this.'));
    const odd = { ...LETTER, event: { ...LETTER.event, payload: 1n } };
    await letters.send('dead', odd);
    expect(reporter.counters.deadLettersLost).toBe(1);
  });

  it('has no more than 1,000 letters under way, and waits for them at the end', async () => {
    const answers: (() => void)[] = [];
    publish.mockImplementation(() => new Promise((resolve) => answers.push(() => resolve(1))));
    const sent = Array.from({ length: 1_200 }, () => letters.send('dead', LETTER));
    await settled();
    expect([answers.length, reporter.counters.deadLettersLost]).toEqual([1_000, 200]);
    expect(lines).toEqual([expect.stringContaining('1000 dead letters are being sent already')]);

    let isIdle = false;
    const idle = letters.whenIdle().then(() => (isIdle = true));
    for (const answer of answers.slice(1)) answer();
    await settled();
    expect(isIdle).toBe(false);
    answers[0]?.();
    await Promise.all([idle, ...sent]);
    expect(reporter.counters.deadLettered).toBe(1_000);
    await letters.whenIdle();
  });

  it('has letters about 16 MiB of events under way at most, however few they are', async () => {
    let answer: (() => void) | undefined;
    publish.mockImplementation(() => new Promise((resolve) => (answer ??= () => resolve(1))));
    const large = { ...LETTER, event: { ...LETTER.event, bytes: 10 * 1024 * 1024 } };
    const first = letters.send('dead', large);
    await letters.send('dead', large);
    expect(reporter.counters.deadLettersLost).toBe(1);
    expect(lines).toEqual([expect.stringContaining('dead letters of 16777216 bytes are being sent already')]);
    answer?.();
    await first;
    void letters.send('dead', large);
    expect([publish.mock.calls.length, reporter.counters.deadLettersLost]).toEqual([2, 1]);
  });
});
