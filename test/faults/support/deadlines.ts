/** What every bus under a fault has for its heartbeat, so that nothing takes seconds that need not. */
export const HEARTBEAT = { intervalMs: 300, timeoutMs: 300 };

/** The first back-off, and the turns of grace that a busy process gets. */
const MARGIN_MS = 100;

/** D: so long may a bus with this heartbeat be deaf without knowing it. */
export const D_MS = HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs + MARGIN_MS;

/** D as it is asserted, on machines that have other things to do. */
export const D_LIMIT_MS = 3 * D_MS;

/** Long figures in full, where nobody waits for the result. */
export const IS_FULL = process.env['FAULTS_FULL'] === '1';
