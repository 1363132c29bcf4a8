import { SequenceIssuer } from './sequence.issuer.js';

describe('SequenceIssuer', () => {
  it('counts from 1 for each channel and kind', () => {
    const issuer = new SequenceIssuer();
    const numbers = [
      issuer.next('channel', 'a'),
      issuer.next('channel', 'a'),
      issuer.next('channel', 'b'),
      issuer.next('shard', 'a'),
      issuer.next('channel', 'a'),
    ];
    expect(numbers.map(({ sequence }) => sequence)).toEqual([1, 2, 1, 1, 3]);
    expect(new Set(numbers.map(({ publisher }) => publisher)).size).toBe(3);
    expect(numbers[0]?.publisher).toBe(numbers[4]?.publisher);
  });

  it('names each count of each publisher differently, in few characters', () => {
    const publishers = Array.from({ length: 100 }, () => new SequenceIssuer().next('channel', 'a').publisher);
    expect(new Set(publishers).size).toBe(100);
    for (const publisher of publishers) expect(publisher).toMatch(/^[a-z0-9]{10}\.1$/);
  });

  it('begins a new count where one was ended, once', () => {
    const issuer = new SequenceIssuer();
    const { publisher } = issuer.next('channel', 'a');
    issuer.next('channel', 'a');
    issuer.end('channel', 'a', publisher);
    const second = issuer.next('channel', 'a');
    expect(second.sequence).toBe(1);
    expect(second.publisher).not.toBe(publisher);
    // An event of the first count that was refused later says nothing about the second.
    issuer.end('channel', 'a', publisher);
    issuer.end('shard', 'a', second.publisher);
    issuer.end('channel', 'b', second.publisher);
    expect(issuer.next('channel', 'a')).toEqual({ publisher: second.publisher, sequence: 2 });
    expect(issuer.size).toBe(1);
  });

  it('knows 10,000 channels, and begins a new count on one that went', () => {
    const issuer = new SequenceIssuer();
    const busy = issuer.next('shard', 'busy');
    const first = issuer.next('channel', 'c0');
    for (let n = 1; n < 100_000; n += 1) {
      issuer.next('channel', `c${n}`);
      if (n % 1_000 === 0) issuer.next('shard', 'busy');
    }
    expect(issuer.size).toBe(10_000);
    expect(issuer.next('shard', 'busy')).toEqual({ publisher: busy.publisher, sequence: 101 });
    const again = issuer.next('channel', 'c0');
    expect(again.sequence).toBe(1);
    expect(again.publisher).not.toBe(first.publisher);
  });
});
