/**
 * What one subscription of the plan is to the broker.
 *
 * - `idle`: the broker does not hold it.
 * - `asked`: it is to hold it, and does not deliver it yet, or not again.
 * - `denied`: as `asked`, and the broker has refused it.
 * - `live`: the broker delivers it.
 * - `leaving`: the broker is to let go of it, and delivers it until it does.
 * - `gone`: the broker delivers it no more, and has not answered yet.
 */
export type Phase = 'idle' | 'asked' | 'denied' | 'live' | 'leaving' | 'gone';

/**
 * What moves it. `subscribe` and `unsubscribe` are what the broker is told, `answered` is its answer to the latter; `confirmed`,
 * `released` and `denied` are what it says at a place of the byte stream.
 */
export type PhaseEvent = 'subscribe' | 'confirmed' | 'denied' | 'released' | 'unsubscribe' | 'answered';

/**
 * ```
 * idle ──► asked ◄──► live ──► leaving ──► gone ──► idle
 *            ▼          ▲
 *          denied ──────┘     asked, denied ──► gone
 * ```
 * A transport may confirm what somebody else asked it for, before the plan did: then the broker holds it all the same.
 * On a Cluster one node may deny what others go on delivering: it stays live.
 */
const NEXT: Readonly<Record<Phase, Partial<Record<PhaseEvent, Phase>>>> = {
  idle: { subscribe: 'asked', confirmed: 'live', denied: 'denied' },
  asked: { confirmed: 'live', denied: 'denied', unsubscribe: 'gone' },
  denied: { confirmed: 'live', unsubscribe: 'gone' },
  live: { released: 'asked', unsubscribe: 'leaving' },
  leaving: { released: 'gone', answered: 'idle' },
  gone: { confirmed: 'leaving', answered: 'idle' },
};

/** The phase after an event. One that means nothing in this phase changes nothing. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  return NEXT[phase][event] ?? phase;
}
