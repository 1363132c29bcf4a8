/**
 * What became of one event with one handler:
 * - `handled`: the handler finished.
 * - `failed`: it failed for the last time, or the event never came to a call.
 * - `rejected`: the event does not fit the contract, or cannot be claimed for the group.
 * - `left`: another instance of the group has it.
 * - `abandoned`: the bus ended before its call began.
 */
export type HandlingOutcome = 'handled' | 'failed' | 'rejected' | 'left' | 'abandoned';

/** What is settled within the call costs no promise. */
export type SettledHandling = HandlingOutcome | Promise<HandlingOutcome>;
