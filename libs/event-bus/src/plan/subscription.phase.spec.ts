import type { Phase, PhaseEvent } from './subscription.phase.js';
import { nextPhase } from './subscription.phase.js';

const after = (...events: PhaseEvent[]): Phase => events.reduce<Phase>(nextPhase, 'idle');

describe('the phase of a subscription', () => {
  it('goes from asked to live, and by way of an unsubscription back to idle', () => {
    expect(after('subscribe')).toBe('asked');
    expect(after('subscribe', 'confirmed')).toBe('live');
    expect(after('subscribe', 'confirmed', 'unsubscribe')).toBe('leaving');
    expect(after('subscribe', 'confirmed', 'unsubscribe', 'released')).toBe('gone');
    expect(after('subscribe', 'confirmed', 'unsubscribe', 'released', 'answered')).toBe('idle');
  });

  it('is asked again while the broker does not deliver it, as after a lost link', () => {
    expect(after('subscribe', 'confirmed', 'released')).toBe('asked');
    expect(after('subscribe', 'confirmed', 'released', 'confirmed')).toBe('live');
  });

  it('stays denied until the broker confirms it, or is to let go of it', () => {
    expect(after('subscribe', 'denied', 'denied', 'released')).toBe('denied');
    expect(after('subscribe', 'denied', 'confirmed')).toBe('live');
    expect(after('subscribe', 'denied', 'unsubscribe')).toBe('gone');
  });

  it('delivers on its way out, when the confirmation comes after the unsubscription was sent', () => {
    expect(after('subscribe', 'unsubscribe')).toBe('gone');
    expect(after('subscribe', 'unsubscribe', 'confirmed')).toBe('leaving');
  });

  it('never comes back from its way out before the broker has answered', () => {
    for (const event of ['subscribe', 'denied', 'unsubscribe'] as const) {
      expect(nextPhase('leaving', event)).toBe('leaving');
      expect(nextPhase('gone', event)).toBe('gone');
    }
  });

  it('is live when a transport confirms what the plan did not ask for', () => {
    expect(after('confirmed')).toBe('live');
  });

  it('stays live where one node of several denies it', () => {
    expect(after('subscribe', 'confirmed', 'denied')).toBe('live');
  });
});
