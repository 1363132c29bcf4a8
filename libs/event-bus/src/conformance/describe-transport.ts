import { transportConformance } from './transport.conformance.js';
import type { TestedCapabilities, TransportConformanceTest, TransportHarness } from './transport.harness.js';
import { missingCapability } from './transport.harness.js';

/** Options of {@link describeTransport}. */
export interface DescribeTransportOptions {
  /** Runs once before the tests and before the harness is created, e.g. to start a server. */
  readonly before?: (() => void | Promise<void>) | undefined;
  /** Runs once after the tests. */
  readonly after?: (() => void | Promise<void>) | undefined;
  /**
   * The capabilities of the transport. Only needed if the harness is a function: it is called too late to decide which tests to
   * skip.
   * @default the harness's own; all capabilities if the harness is a function
   */
  readonly capabilities?: TestedCapabilities | undefined;
}

/** The globals of Jest, and of Vitest with `globals: true`. */
interface TestGlobals {
  readonly describe?: ((name: string, register: () => void) => void) | undefined;
  readonly it?: (TestFunction & { readonly skip: TestFunction }) | undefined;
  readonly beforeAll?: ((run: () => Promise<void>) => void) | undefined;
  readonly afterAll?: ((run: () => Promise<void>) => void) | undefined;
}

type TestFunction = (name: string, run: () => Promise<void>, timeoutMs?: number) => void;

/** Longer than the deadlines of the tests' own waits, which say what is missing. */
const TEST_TIMEOUT_MS = 60_000;

/**
 * Registers the conformance suite for one transport, one `it` per promise. Tests of a capability that the transport lacks are
 * registered as skipped, with the reason in their title.
 *
 * @example describeTransport('memory', { open: async (listener) => factory.create(listener), capabilities: { shard: true } });
 */
export function describeTransport(
  name: string,
  harness: TransportHarness | (() => TransportHarness | Promise<TransportHarness>),
  options: DescribeTransportOptions = {},
): void {
  const { describe, it, beforeAll, afterAll } = globalThis as TestGlobals;
  if (!describe || !it || !beforeAll || !afterAll) {
    throw new Error(
      'describeTransport() needs the globals describe, it, beforeAll and afterAll. In Vitest, set test.globals to true.',
    );
  }
  const known = options.capabilities ?? (typeof harness === 'function' ? undefined : harness.capabilities);
  describe(name, () => {
    let made: TransportHarness | undefined;
    beforeAll(async () => {
      await options.before?.();
      made = typeof harness === 'function' ? await harness() : harness;
    });
    afterAll(async () => {
      await options.after?.();
    });
    for (const test of transportConformance) {
      const run = () => runOn(test, made);
      const missing = known === undefined ? undefined : missingCapability(test.requires, known);
      if (missing === undefined) it(test.name, run, TEST_TIMEOUT_MS);
      else it.skip(`${test.name} (skipped: ${name} has no capability ${JSON.stringify(missing)})`, run);
    }
  });
}

async function runOn(test: TransportConformanceTest, harness: TransportHarness | undefined): Promise<void> {
  if (!harness) throw new Error('The harness was not created. See the failure before the tests.');
  const missing = missingCapability(test.requires, harness.capabilities);
  if (missing !== undefined) {
    throw new Error(
      `The transport has no capability ${JSON.stringify(missing)}. ` +
        'Pass { capabilities } to describeTransport(), so that the test is shown as skipped.',
    );
  }
  await test.run(harness);
}
