import { SubscriptionLedger } from './subscription.ledger.js';

const PLAIN = 'channels and patterns';

describe('SubscriptionLedger', () => {
  let ledger: SubscriptionLedger;
  beforeEach(() => {
    ledger = new SubscriptionLedger();
    ledger.add('channel', ['a', 'b']);
    ledger.add('pattern', ['a']);
    ledger.add('shard', ['a']);
  });

  it('misses nothing when the server counts what was confirmed', () => {
    expect(ledger.audit(PLAIN, 3)).toBe(0);
    expect(ledger.audit('shard channels', 1)).toBe(0);
  });

  it('says how many are missing, each kind by its own count', () => {
    expect(ledger.audit(PLAIN, 1)).toBe(2);
    expect(ledger.audit('shard channels', 0)).toBe(1);
  });

  it('counts a name once, and no more when it is removed', () => {
    ledger.add('channel', ['a', 'c']);
    expect(ledger.audit(PLAIN, 4)).toBe(0);
    ledger.remove('channel', ['a', 'never']);
    ledger.remove('pattern', ['b']);
    expect(ledger.audit(PLAIN, 3)).toBe(0);
    expect(ledger.audit(PLAIN, 2)).toBe(1);
  });

  it('remembers what somebody else holds: it is no loss, and does not hide one', () => {
    expect(ledger.audit(PLAIN, 5)).toBe(0);
    expect(ledger.audit(PLAIN, 5)).toBe(0);
    expect(ledger.audit(PLAIN, 4)).toBe(1);
    expect(ledger.audit(PLAIN, 4)).toBe(0);
  });

  it('knows whether it holds shard channels', () => {
    expect(ledger.someShard).toBeDefined();
    ledger.remove('shard', ['a']);
    expect(ledger.someShard).toBeUndefined();
  });

  it('starts over when it is cleared', () => {
    ledger.audit(PLAIN, 9);
    ledger.clear();
    expect(ledger.audit(PLAIN, 0)).toBe(0);
    expect(ledger.someShard).toBeUndefined();
  });
});
