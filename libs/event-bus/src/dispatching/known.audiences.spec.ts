import type { Audience, Recipient } from './audience.js';
import { KnownAudiences } from './known.audiences.js';

const GLOB = { kind: 'pattern', name: '*' } as const;

/** An audience of so many. Who they are does not matter. */
function audienceOf(size: number): Audience {
  return { channel: 'a', recipients: Array<Recipient>(size), isOfBroker: false };
}

/** How many are known through patterns. */
const sizeOf = (known: KnownAudiences) =>
  [...known.pattern.values()].flatMap((channels) => [...channels.keys()]).length;

describe('KnownAudiences', () => {
  it('keeps one for each subscription, and for each channel of a pattern, until it is cleared', () => {
    const known = new KnownAudiences();
    const [exact, shard, first, second, other] = Array.from({ length: 5 }, () => audienceOf(1));
    known.add(exact as Audience, { kind: 'channel', name: 'a' }, 'a');
    known.add(shard as Audience, { kind: 'shard', name: 'a' }, 'a');
    known.add(first as Audience, GLOB, 'a');
    known.add(second as Audience, GLOB, 'b');
    known.add(other as Audience, { kind: 'pattern', name: 'a*' }, 'a');
    const found = () => [
      known.channel.get('a'),
      known.shard.get('a'),
      known.pattern.get('*')?.get('a'),
      known.pattern.get('*')?.get('b'),
      known.pattern.get('a*')?.get('a'),
    ];
    for (const [index, audience] of [exact, shard, first, second, other].entries())
      expect(found()[index]).toBe(audience);
    known.clear();
    expect(found()).toEqual(Array(5).fill(undefined));
  });

  it('keeps few, however many channels a pattern delivers', () => {
    const known = new KnownAudiences();
    let most = 0;
    for (let channel = 0; channel < 20_000; channel += 1) {
      known.add(audienceOf(1), GLOB, String(channel));
      most = Math.max(most, known.pattern.get('*')?.size ?? 0);
    }
    expect(most).toBe(4_096);
    expect(known.pattern.get('*')?.has('19999')).toBe(true);
  });

  it('keeps fewer where each has many recipients, and none that is too large or has a long name', () => {
    const known = new KnownAudiences();
    for (let channel = 0; channel < 100; channel += 1) {
      known.add(audienceOf(1_000), GLOB, String(channel));
      expect(sizeOf(known)).toBeLessThanOrEqual(4);
    }
    known.clear();
    known.add(audienceOf(4_097), GLOB, 'a');
    known.add(audienceOf(1), GLOB, 'a'.repeat(257));
    expect(sizeOf(known)).toBe(0);
  });
});
