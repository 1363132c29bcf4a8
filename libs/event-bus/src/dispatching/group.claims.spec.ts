import { jest } from '@jest/globals';
import { GroupClaimError } from '../errors.js';
import { EventContext } from '../message/event-context.js';
import type { EventMetadata } from '../message/event.codec.js';
import { ReceivedEvent } from '../message/received.event.js';
import type { Claim } from './group.claims.js';
import { GroupClaims } from './group.claims.js';

const NOW_MS = 1_800_000_000_000;

function eventWith(metadata: EventMetadata, receivedAtMs = NOW_MS): EventContext {
  const codec = { name: 'test', encode: String, decode: () => ({ payload: null, metadata }) };
  return new EventContext(
    new ReceivedEvent('a', Buffer.alloc(0), codec, receivedAtMs).decode(),
    undefined,
    'b',
  );
}

const secondsAgo = (seconds: number) => new Date(NOW_MS - seconds * 1_000).toISOString();

describe('GroupClaims', () => {
  let claim: jest.Mock<Claim>;
  let claims: GroupClaims;
  const keyOf = async (metadata: EventMetadata, group = 'g') => {
    claim.mockClear();
    await claims.take(group, eventWith(metadata));
    return claim.mock.calls[0]?.[0];
  };

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW_MS });
    claim = jest.fn<Claim>().mockResolvedValue(true);
    claims = new GroupClaims('app:', claim);
  });
  afterEach(() => jest.useRealTimers());

  it('claims the event for the group, whatever its handler is named, for five minutes', async () => {
    const event = eventWith({ id: 'e1', source: '/orders' });
    expect(await claims.take('notifications', event)).toBe('ours');
    expect(claim.mock.calls).toEqual([['app:event-bus:claim:notifications:["/orders","e1"]', 300_000]]);
  });

  it('leaves an event to the instance that has claimed it', async () => {
    claim.mockResolvedValue(false);
    expect(await claims.take('g', eventWith({ id: '1' }))).toBe('elsewhere');
  });

  it('has a key of its own for each group, source and id', async () => {
    const keys = [
      await keyOf({ id: '1', source: 's' }),
      await keyOf({ id: '2', source: 's' }),
      await keyOf({ id: '1', source: 't' }),
      await keyOf({ id: '1' }),
      await keyOf({ id: '1', source: 's' }, 'other'),
      // What runs together, and what UTF-8 does not keep apart.
      await keyOf({ id: 'b:c', source: 'a' }),
      await keyOf({ id: 'c', source: 'a:b' }),
      await keyOf({ id: '\ud800' }),
      await keyOf({ id: '\udbff' }),
    ];
    expect(new Set(keys.map((key) => Buffer.from(String(key)).toString())).size).toBe(9);
  });

  it('refuses an event without an id, and names the codec that gives one', async () => {
    await expect(claims.take('g', eventWith({}))).rejects.toThrow(/no id.*cloudEvents\(\)/);
    expect(claim).not.toHaveBeenCalled();
  });

  it.each<[string, EventMetadata, number]>([
    ['has waited here for longer than half of a claim', { id: '1' }, NOW_MS - 151_000],
    ['was published longer ago', { id: '1', time: secondsAgo(151) }, NOW_MS],
  ])('refuses an event that %s', async (_what, metadata, receivedAtMs) => {
    const taking = claims.take('g', eventWith(metadata, receivedAtMs));
    await expect(taking).rejects.toBeInstanceOf(GroupClaimError);
    await expect(taking).rejects.toThrow(/it is 151 s old, .* Raise concurrency/);
    expect(claim).not.toHaveBeenCalled();
  });

  it.each<[string, EventMetadata]>([
    ['is not that old', { id: '1', time: secondsAgo(149) }],
    ['comes from a clock that runs ahead', { id: '1', time: secondsAgo(-3_600) }],
    ['has a time that is none', { id: '1', time: 'yesterday' }],
  ])('claims an event that %s', async (_what, metadata) => {
    expect(await claims.take('g', eventWith(metadata))).toBe('ours');
  });

  it('says what the broker answered when it refused the claim', async () => {
    const refusal = new Error("NOPERM this user has no permissions to run the 'set' command");
    claim.mockRejectedValue(refusal);
    await expect(claims.take('g', eventWith({ id: '1' }))).rejects.toMatchObject({
      code: 'EVENT_BUS_GROUP_CLAIM',
      message:
        'Group "g" cannot claim this event: no key under "app:event-bus:claim:*" could be claimed: ' +
        "NOPERM this user has no permissions to run the 'set' command.",
      cause: refusal,
    });
  });
});
