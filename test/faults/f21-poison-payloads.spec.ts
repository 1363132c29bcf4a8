import { inspect } from 'node:util';
import { Inbox } from '../support/inbox.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { nestTransport } from './support/nest.transport.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

interface Poison {
  readonly name: string;
  readonly bytes: Buffer;
  /** What the handler gets, in its shape; undefined when the message is refused. */
  readonly becomes: string | undefined;
}

const DEPTH = 100_000;
const POISON: readonly Poison[] = [
  { name: 'null', bytes: Buffer.from('null'), becomes: 'null' },
  { name: 'a number', bytes: Buffer.from('42'), becomes: '42' },
  { name: 'broken JSON', bytes: Buffer.from('{"id":1'), becomes: undefined },
  { name: 'nothing', bytes: Buffer.alloc(0), becomes: undefined },
  {
    name: '__proto__',
    bytes: Buffer.from('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}'),
    becomes: 'an object of __proto__, constructor',
  },
  {
    name: `depth ${DEPTH}`,
    bytes: Buffer.from('['.repeat(DEPTH) + ']'.repeat(DEPTH)),
    becomes: 'an array of 1',
  },
  { name: '6 MB of {}', bytes: Buffer.from(`[${'{},'.repeat(2_000_000)}{}]`), becomes: undefined },
  { name: 'invalid UTF-8', bytes: Buffer.from([0x22, 0xff, 0xfe, 0x22]), becomes: undefined },
];

const stage = new FaultStage();

interface Outcome {
  /** What the handler got for each. */
  readonly got: readonly (readonly [string, string | undefined])[];
  /** Refused messages that the contender has counted. */
  readonly counted: number | undefined;
  readonly isFenceHandled: boolean;
  readonly isPrototypeTouched: boolean;
}

const row: FaultRow<Outcome> = {
  stage,
  id: 'F21',
  fault: `poison payloads: ${POISON.map(({ name }) => name).join(', ')}`,
  promise: 'each is handled as what it is or refused and counted; no crash, no prototype touched',
  async run(contender) {
    const inboxes = POISON.map(() => new Inbox<unknown>());
    const fence = new Inbox<unknown>();
    const service = await stage.start(contender, {
      handlers: [
        ...inboxes.map((inbox, n) => ({ name: `poison${n}`, targets: [`poison:${n}`], handle: inbox.push })),
        { name: 'fence', targets: ['fence'], handle: fence.push },
      ],
    });
    await stage.subscribed('fence', ...POISON.map((_poison, n) => `poison:${n}`));
    for (const [n, { bytes }] of POISON.entries()) await stage.redis.cli('PUBLISH', `poison:${n}`, bytes);
    await stage.redis.cli('PUBLISH', 'fence', '{"id":1}');
    await inTime(fence.count(1));
    return {
      got: POISON.map(({ name }, n) => [name, inboxes[n]?.items.map(shapeOf).join(' and ') || undefined]),
      counted: service.bus?.inspector.snapshot().counters.rejected,
      isFenceHandled: fence.items.length === 1,
      isPrototypeTouched: 'isAdmin' in {},
    };
  },
  check({ got, counted, isFenceHandled, isPrototypeTouched }) {
    expect(got).toEqual(POISON.map(({ name, becomes }) => [name, becomes]));
    expect(isFenceHandled).toBe(true);
    expect(isPrototypeTouched).toBe(false);
    expect(counted).toBe(POISON.filter(({ becomes }) => becomes === undefined).length);
  },
  figure({ got }) {
    const right = POISON.filter(({ becomes }, n) => got[n]?.[1] === becomes).length;
    return `${right} of ${POISON.length} as promised`;
  },
};

/** Short enough to compare and to print. */
function shapeOf(payload: unknown): string {
  if (Array.isArray(payload)) return `an array of ${payload.length}`;
  if (typeof payload !== 'object' || payload === null) return inspect(payload, { maxStringLength: 20 });
  return `an object of ${Object.getOwnPropertyNames(payload).join(', ')}`;
}

describe('F21: poison payloads', () => {
  it('have a defined outcome, each of them', () => expectToHold(row, theBus()));

  it('cost plain ioredis the process (control)', () => expectToBite(row, plainIoredis()));

  it("reach a handler as something else with Nest's transport (control)", () =>
    expectToBite(row, nestTransport()));
});
