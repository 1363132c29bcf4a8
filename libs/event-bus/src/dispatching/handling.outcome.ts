/**
 * The outcome of one event with one handler:
 * - `handled`: the handler finished.
 * - `failed`: the last call failed, or the handler was not called.
 * - `rejected`: the event does not fit the contract, or cannot be claimed for the group.
 * - `left`: another instance of the group has it.
 * - `abandoned`: the bus closed before the call began.
 */
export type HandlingOutcome = 'handled' | 'failed' | 'rejected' | 'left' | 'abandoned';

/** An outcome that is not known yet. */
export type PendingHandling = Promise<HandlingOutcome>;

/** An outcome that is known synchronously costs no promise. */
export type SettledHandling = HandlingOutcome | PendingHandling;
