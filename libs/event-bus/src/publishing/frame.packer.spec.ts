import fc from 'fast-check';
import { NotConnectedError } from '../errors.js';
import { json } from '../message/json.codec.js';
import type { EventFrames } from '../message/event.codec.js';
import { bodyOf } from '../transports/event.transport.js';
import type { OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import { FramePacker } from './frame.packer.js';
import type { BatchEntry } from './publish.batch.js';
import { PublishCall } from './publish.call.js';

const frames = json({ frames: true }).frames as EventFrames;

describe('FramePacker', () => {
  let outcomes: Map<string, PublishOutcome>;
  beforeEach(() => void (outcomes = new Map()));

  const call = (
    channel: string,
    text: string,
    timeoutMs?: number,
    kind: OutgoingMessage['kind'] = 'channel',
  ) =>
    new PublishCall(
      { message: { kind, channel, body: text }, name: channel, body: text, stampBytes: 0 },
      (outcome) => outcomes.set(text, outcome),
      timeoutMs,
    );

  const sent = (packed: ReturnType<FramePacker['pack']>) =>
    packed.map((entry) => {
      const { message } = entry;
      const body = Buffer.from(bodyOf(message));
      return [
        message.kind,
        message.channel,
        (frames.split(body) ?? [body]).map((text) => String(text).trim()),
      ];
    });

  it('packs the events of each channel and kind, in order, at the place of the first', () => {
    const calls = [
      call('a', '1'),
      call('b', '2'),
      call('a', '3'),
      call('a', '4', 5_000, 'shard'),
      call('a', '5'),
    ];
    expect(sent(new FramePacker(frames, 100).pack(calls))).toEqual([
      ['channel', 'a', ['1', '3', '5']],
      ['channel', 'b', ['2']],
      ['shard', 'a', ['4']],
    ]);
  });

  it('leaves a single event as it is', () => {
    const [entry] = new FramePacker(frames, 100).pack([call('a', '1')]);
    expect(bodyOf((entry as PublishCall).message)).toBe('1');
  });

  it('begins another frame where one more event would make it too large', () => {
    const calls = ['11', '22', '33', '44'].map((text) => call('a', text));
    const packed = new FramePacker(frames, 8).pack(calls);
    expect(sent(packed)).toEqual([
      ['channel', 'a', ['11', '22']],
      ['channel', 'a', ['33', '44']],
    ]);
    for (const entry of packed) expect(Buffer.from(bodyOf(entry.message))).toHaveLength(8);
  });

  it('fills each frame as far as the bytes of its events allow, whatever their characters', () => {
    const text = fc.stringMatching(/^[a-zä€]{1,9}$/);
    const sizeOf = (texts: readonly string[]) => Buffer.byteLength(frames.join(texts));
    fc.assert(
      fc.property(fc.array(text), fc.integer({ min: 30, max: 90 }), (texts, maxBytes) => {
        const expected: string[][] = [];
        for (const each of texts) {
          const last = expected.at(-1);
          if (last !== undefined && sizeOf([...last, each]) <= maxBytes) last.push(each);
          else expected.push([each]);
        }
        const packed = new FramePacker(frames, maxBytes).pack(texts.map((each) => call('a', each)));
        expect(sent(packed).map(([_kind, _channel, bodies]) => bodies)).toEqual(expected);
      }),
    );
  });

  it('begins another frame behind 4,000 events', () => {
    const calls = Array.from({ length: 8_001 }, () => call('a', '1'));
    const packed = sent(new FramePacker(frames, 1024 * 1024).pack(calls));
    expect(packed.map(([_kind, _channel, texts]) => (texts as string[]).length)).toEqual([4_000, 4_000, 1]);
  });

  it('makes the bodies when the frame leaves, and not before', () => {
    let made = 0;
    const lazy = (text: string): PublishCall => {
      const body = () => {
        made += 1;
        return text;
      };
      const message = { kind: 'channel', channel: 'a', body } as const;
      return new PublishCall({ message, name: 'a', body: text, stampBytes: 0 }, () => undefined);
    };
    const [entry] = new FramePacker(frames, 100).pack([lazy('1'), lazy('2')]);
    const { message } = entry as BatchEntry;
    expect(made).toBe(0);
    expect(bodyOf(message)).toBe('\u001E1\n\u001E2\n');
    expect(made).toBe(2);
  });

  it.each<[string, PublishOutcome]>([
    ['count', { subscriptions: 3 }],
    ['error', { error: new NotConnectedError() }],
  ])('tells every publisher the %s of the frame', (_what, outcome) => {
    const [entry] = new FramePacker(frames, 100).pack([call('a', '1'), call('a', '2')]);
    entry?.answer(outcome);
    expect([...outcomes]).toEqual([
      ['1', outcome],
      ['2', outcome],
    ]);
  });

  it('gives up each event when its own time is over', () => {
    const [entry] = new FramePacker(frames, 100).pack([
      call('a', '1', 20),
      call('a', '2', 10),
      call('a', '3', 20),
    ]);
    expect(entry?.timeoutMs).toBe(10);
    expect(entry?.expire(10, 'redis')).toBe(20);
    expect([...outcomes.keys()]).toEqual(['2']);
    expect(entry?.expire(20, 'redis')).toBe(Infinity);
    expect([...outcomes.keys()]).toEqual(['2', '1', '3']);
  });
});
