import { memoryBroker } from '../transports/memory/memory.broker.js';
import { memory } from '../transports/memory/memory.transport.js';
import { describeTransport } from './describe-transport.js';
import { transportConformance } from './transport.conformance.js';
import type { TransportHarness } from './transport.harness.js';

const factory = memory({ broker: memoryBroker() });
const open: TransportHarness['open'] = async (listener) => factory.create(listener);
const sharded: TransportHarness = { open, capabilities: { shard: true, claim: true, links: true } };
const plain: TransportHarness = { open, capabilities: { shard: false, claim: true, links: true } };

interface Registered {
  readonly name: string;
  readonly isSkipped: boolean;
  run(): Promise<void>;
}

/** What describeTransport registers with a runner that only writes down. */
function registeredBy(register: () => void) {
  const tests: Registered[] = [];
  const hooks: { readonly when: string; run(): Promise<void> }[] = [];
  const groups: string[] = [];
  const it = Object.assign(
    (name: string, run: () => Promise<void>) => void tests.push({ name, isSkipped: false, run }),
    { skip: (name: string, run: () => Promise<void>) => void tests.push({ name, isSkipped: true, run }) },
  );
  withGlobals(
    {
      it,
      describe: (name: string, body: () => void) => {
        groups.push(name);
        body();
      },
      beforeAll: (run: () => Promise<void>) => void hooks.push({ when: 'before', run }),
      afterAll: (run: () => Promise<void>) => void hooks.push({ when: 'after', run }),
    },
    register,
  );
  const runHooks = async (when: string) => {
    for (const hook of hooks) if (hook.when === when) await hook.run();
  };
  return { tests, groups, runHooks };
}

function withGlobals(replaced: Readonly<Record<string, unknown>>, run: () => void): void {
  const saved = Object.fromEntries(
    Object.keys(replaced).map((name): [string, unknown] => [name, Reflect.get(globalThis, name)]),
  );
  Object.assign(globalThis, replaced);
  try {
    run();
  } finally {
    Object.assign(globalThis, saved);
  }
}

describe('describeTransport', () => {
  it('registers one test for each promise, under the name of the transport', async () => {
    const { tests, groups, runHooks } = registeredBy(() => describeTransport('memory', sharded));
    expect(groups).toEqual(['memory']);
    expect(tests.map(({ name }) => name)).toEqual(transportConformance.map(({ name }) => name));
    expect(tests.filter(({ isSkipped }) => isSkipped)).toEqual([]);
    await runHooks('before');
    await expect(tests[0]?.run()).resolves.toBeUndefined();
    await runHooks('after');
  });

  it.each([
    ['the harness says so', () => describeTransport('plain', plain)],
    [
      'the options say so',
      () => describeTransport('plain', () => plain, { capabilities: plain.capabilities }),
    ],
  ])('shows as skipped what needs a missing capability when %s', (_when, register) => {
    const { tests } = registeredBy(register);
    const needy = transportConformance.filter(({ requires }) => requires?.includes('shard'));
    expect(needy.length).toBeGreaterThan(0);
    expect(tests.filter(({ isSkipped }) => isSkipped).map(({ name }) => name)).toEqual(
      needy.map(({ name }) => `${name} (skipped: plain has no capability "shard")`),
    );
    expect(tests).toHaveLength(transportConformance.length);
  });

  it('makes the harness once, after before and not before the tests', async () => {
    const calls: string[] = [];
    const { runHooks } = registeredBy(() =>
      describeTransport(
        'memory',
        async () => {
          calls.push('harness');
          return sharded;
        },
        { before: () => void calls.push('before'), after: async () => void calls.push('after') },
      ),
    );
    expect(calls).toEqual([]);
    await runHooks('before');
    await runHooks('after');
    expect(calls).toEqual(['before', 'harness', 'after']);
  });

  it('fails a test whose missing capability nobody announced', async () => {
    const { tests, runHooks } = registeredBy(() => describeTransport('plain', () => plain));
    await runHooks('before');
    await expect(tests.at(-1)?.run()).rejects.toThrow('Pass { capabilities } to describeTransport()');
  });

  it('fails every test when there is no harness', async () => {
    const { tests } = registeredBy(() => describeTransport('memory', sharded));
    await expect(tests[0]?.run()).rejects.toThrow('The harness was not created');
  });

  it('says what to do where the globals are missing', () => {
    withGlobals({ it: undefined }, () => {
      expect(() => describeTransport('memory', sharded)).toThrow('In Vitest, set test.globals to true.');
    });
  });
});

describe('transportConformance', () => {
  it('names each promise once', () => {
    const names = transportConformance.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
