import { EventEmitter } from 'node:events';
import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { DeliveryGate } from './delivery.gate.js';
import type { DeliverySource } from './delivery.gate.js';

const A: SubscriptionTarget = { kind: 'channel', name: 'a' };
const GLOB: SubscriptionTarget = { kind: 'pattern', name: 'a*' };
const SHARD: SubscriptionTarget = { kind: 'shard', name: 'a' };

describe('DeliveryGate', () => {
  let redis: EventEmitter;
  let calls: string[];
  let source: DeliverySource;
  let gate: DeliveryGate;
  beforeEach(() => {
    redis = new EventEmitter();
    calls = [];
    source = { redis, isProved: false, inlet: undefined };
    const note = (call: string) => (targets: readonly SubscriptionTarget[]) => {
      calls.push(`${call} ${targets.map(({ kind }) => kind).join(' ')}`);
    };
    gate = new DeliveryGate(source, {
      message: ({ through, channel, body }) => calls.push(`${through.kind} ${channel} ${body.toString()}`),
      confirmed: note('confirmed'),
      released: note('released'),
    });
  });

  const deliverAll = () => {
    redis.emit('messageBuffer', Buffer.from('a'), Buffer.from('1'));
    redis.emit('pmessageBuffer', 'a*', Buffer.from('ab'), Buffer.from('2'));
    redis.emit('smessageBuffer', Buffer.from('a'), Buffer.from('3'));
  };

  it('passes on what comes through an open target, each kind for itself', () => {
    deliverAll();
    expect(source.isProved).toBe(false);
    gate.open([A]);
    deliverAll();
    expect(source.isProved).toBe(true);
    gate.open([GLOB, SHARD]);
    deliverAll();
    expect(calls).toEqual([
      'confirmed channel',
      'channel a 1',
      'confirmed pattern shard',
      'channel a 1',
      'pattern ab 2',
      'shard a 3',
    ]);
    expect(gate.targets).toEqual([A, GLOB, SHARD]);
  });

  it('passes on nothing through what is shut, and tells it once', () => {
    gate.open([A, SHARD]);
    gate.shut([A, GLOB]);
    gate.shut([A]);
    deliverAll();
    expect(calls).toEqual(['confirmed channel shard', 'released channel', 'shard a 3']);
    expect([gate.isOpen(A), gate.isOpen(SHARD)]).toEqual([false, true]);
  });

  it('passes on and tells nothing when it is closed', () => {
    gate.open([A]);
    gate.close();
    deliverAll();
    gate.shut([A]);
    expect(calls).toEqual(['confirmed channel']);
    expect(gate.isOpen(A)).toBe(false);
  });

  it('throws at what is no message, which the connection hears', () => {
    expect(() => redis.emit('messageBuffer', Buffer.from('a'), 'text')).toThrow('invalid reply to subscribe');
  });
});
