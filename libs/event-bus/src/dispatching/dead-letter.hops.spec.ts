import type { DeadLetter } from './dead.letter.js';
import { deadLetterOf } from './dead.letter.js';
import { hopsIn } from './dead-letter.hops.js';

const details = { error: { name: 'Error', message: 'x' }, handler: 'A.a', bus: 'default', attempts: 1 };
const event = { bytes: 1, metadata: {}, receivedAt: 'now' };
const channel = 'a"b\\';

/** As a handler makes it of what it got. */
const letterFor = (payload: unknown): DeadLetter => {
  const content =
    payload instanceof Uint8Array ? { base64: Buffer.from(payload).toString('base64') } : { payload };
  return deadLetterOf({ channel, ...content, ...event }, payload, details);
};
/** As version 0.1 makes it, which counts nothing. */
const oldLetterFor = (payload: unknown): DeadLetter => {
  const { hops: _hops, ...letter } = letterFor(payload);
  return letter;
};
const text = (letter: unknown) => Buffer.from(JSON.stringify(letter));
const attributes = { specversion: '1.0', source: '/x', type: 'a', id: '1', time: 'now' };

describe('hopsIn', () => {
  it('counts the dead letters that led to what is received', () => {
    let received: unknown = { id: 7 };
    for (let hops = 0; hops < 10; hops += 1) {
      expect(hopsIn(received)).toBe(hops);
      received = letterFor(received);
    }
  });

  it.each<[string, (letter: DeadLetter) => unknown]>([
    ['the bytes of it', text],
    ['its JSON text', (letter) => JSON.stringify(letter)],
    ['a record of it', (letter) => Buffer.from(`\u001E${JSON.stringify(letter)}\n`)],
    ['a CloudEvent, read as JSON', (letter) => ({ ...attributes, data: letter })],
    ['the bytes of a CloudEvent', (letter) => text({ ...attributes, data: letter })],
    ['a packet of Nest, read as JSON', (letter) => ({ pattern: 'a', data: letter })],
    ['its beginning alone', (letter) => text(letter).subarray(0, 300)],
  ])('finds it in %s', (_what, sent) => {
    expect(hopsIn(sent(letterFor(1)))).toBe(1);
    expect(hopsIn(sent(letterFor(letterFor(1))))).toBe(2);
    expect(hopsIn(sent(letterFor(sent(letterFor(sent(letterFor(1)))))))).toBe(3);
    // Where there was no room for more.
    expect(hopsIn(sent({ ...letterFor(letterFor(1)), event: { channel, ...event } }))).toBe(2);
  });

  it.each<[string, (letter: DeadLetter) => unknown]>([
    ['as objects', (letter) => letter],
    ['as bytes', text],
    ['in envelopes', (letter) => ({ ...attributes, data: letter })],
  ])('counts those of version 0.1 by what they hold, %s', (_what, sent) => {
    expect(hopsIn(sent(oldLetterFor({ id: 7 })))).toBe(1);
    expect(hopsIn(sent(oldLetterFor(sent(oldLetterFor(1)))))).toBe(2);
    const ours = letterFor(sent(oldLetterFor(sent(letterFor(sent(oldLetterFor(1)))))));
    expect(ours.hops).toBe(4);
  });

  it.each<[unknown]>([
    [undefined],
    [null],
    ['text'],
    [{ hops: 7 }],
    [{ data: { hops: 7 } }],
    [Buffer.from('[{"hops":7,"event":{"channel":"a"}}]')],
    [{ event: { channel: 'a' }, hops: 7 }],
  ])('is 0 for what is no dead letter: %p', (content) => {
    expect(hopsIn(content)).toBe(0);
  });

  it('survives objects whose getters throw', () => {
    const throwing = {
      get event() {
        throw new Error('no');
      },
    };
    expect(hopsIn(throwing)).toBe(0);
  });

  it('takes no number that nobody counts to', () => {
    for (const hops of [0, -1, 1.5, '7', Infinity, null]) expect(hopsIn({ ...letterFor(1), hops })).toBe(1);
  });

  it('ends, however deep something is', () => {
    let deep: unknown = 1;
    for (let n = 0; n < 100_000; n += 1) deep = { data: deep };
    expect(hopsIn(deep)).toBe(0);
    const round: Record<string, unknown> = {};
    round['data'] = round;
    expect(hopsIn(round)).toBe(0);
  });
});
