/**
 * The state of a subscription of the plan at the broker.
 *
 * - `idle`: not subscribed.
 * - `asked`: requested, but not delivered yet, or not delivered again.
 * - `denied`: like `asked`, and the broker has refused it.
 * - `live`: the broker delivers it.
 * - `leaving`: to be unsubscribed, and still delivered until then.
 * - `gone`: no longer delivered, but the broker has not answered yet.
 */
export type Phase = 'idle' | 'asked' | 'denied' | 'live' | 'leaving' | 'gone';

/**
 * The events that change it. `subscribe` and `unsubscribe` are requests, `answered` is the answer to the latter; `confirmed`,
 * `released` and `denied` are the broker's reports, in stream order.
 */
export type PhaseEvent = 'subscribe' | 'confirmed' | 'denied' | 'released' | 'unsubscribe' | 'answered';

/**
 * ```
 * idle ──► asked ◄──► live ──► leaving ──► gone ──► idle
 *            ▼          ▲
 *          denied ──────┘     asked, denied ──► gone
 * ```
 * A transport may confirm a subscription that another caller requested before the plan did: it then exists at the broker as well.
 * In a Cluster one node may deny a subscription that others still deliver: it stays live.
 */
const NEXT: Readonly<Record<Phase, Partial<Record<PhaseEvent, Phase>>>> = {
  idle: { subscribe: 'asked', confirmed: 'live', denied: 'denied' },
  asked: { confirmed: 'live', denied: 'denied', unsubscribe: 'gone' },
  denied: { confirmed: 'live', unsubscribe: 'gone' },
  live: { released: 'asked', unsubscribe: 'leaving' },
  leaving: { released: 'gone', answered: 'idle' },
  gone: { confirmed: 'leaving', answered: 'idle' },
};

/** The phase after an event. An event without meaning in this phase changes nothing. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  return NEXT[phase][event] ?? phase;
}
