import { cloudEvents } from './cloud-events.codec.js';
import type { EventFrames } from './event.codec.js';
import { json } from './json.codec.js';
import { raw } from './raw.codec.js';
import { readsText } from './text.decoders.js';

describe('readsText', () => {
  const codec = json();
  const frames = codec.frames as EventFrames;
  const split = (body: Buffer) => frames.split(body);

  it('holds for json() and cloudEvents(), which read strings as they come', () => {
    expect([json(), cloudEvents({ source: '/x' })].map(readsText)).toEqual([true, true]);
  });

  it('does not hold for raw(), whose events are bytes', () => {
    expect(readsText(raw())).toBe(false);
  });

  it.each([
    ['decode', { ...codec, decode: (body: Buffer, channel: string) => codec.decode(body, channel) }],
    ['frames.split', { ...codec, frames: { ...frames, split } }],
    ['frames.count', { ...codec, frames: { ...frames, count: () => 1 } }],
  ])('does not hold for a copy of json() with a %s of its own, which expects bytes', (_what, copy) => {
    expect(readsText(copy)).toBe(false);
  });

  it('holds for a copy that counts no events, unless its frames have no first byte', () => {
    const copyWith = (own: object) => ({ ...codec, frames: { ...frames, ...own } });
    expect(readsText(copyWith({ count: undefined }))).toBe(true);
    expect(readsText(copyWith({ firstByte: undefined }))).toBe(false);
  });
});
