import { eventually } from '../support/eventually.js';
import { ScriptedServer, arrayOf, bulk } from '../support/scripted.server.js';
import type { Contender } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import type { Lie } from './support/lies.js';
import { LIES } from './support/lies.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const stage = new FaultStage();
/** Before the lie to one of a pipeline. The first event of the tick leaves by itself. */
const SOUND_ANSWERS = 5;
const MESSAGE = arrayOf(bulk('message'), bulk('orders'), bulk('{}'));

/** What came of one lie. */
interface Reaction {
  readonly lie: Lie;
  /** The names of the errors of what was published meanwhile, or what it resolved with. */
  readonly outcomes: readonly unknown[];
  readonly isNewLink: boolean;
  /** Afterwards it publishes and hears as before. */
  readonly isBack: boolean;
}

const rowWith = (lies: readonly Lie[]): FaultRow<readonly Reaction[]> => ({
  stage,
  id: 'F33',
  fault: `a server that answers nonsense, ${LIES.length} lies`,
  promise:
    'what was published is unconfirmed, or the connection is replaced; the process lives, and all comes back',
  async run(contender) {
    const reactions: Reaction[] = [];
    for (const lie of lies) reactions.push(await reactionTo(lie, contender));
    return reactions;
  },
  check(reactions) {
    const believed = reactions.filter(
      ({ outcomes, isNewLink, isBack, lie }) =>
        !isBack ||
        // Of no use to anybody.
        !(isNewLink || lie.to === 'info') ||
        outcomes.some((outcome) => outcome !== (isAnswered(lie) ? 0 : 'PublishUnconfirmedError')),
    );
    expect(believed).toEqual([]);
  },
  figure: (reactions) =>
    `${reactions.filter(({ isNewLink }) => isNewLink).length} of ${reactions.length} connections replaced, ${reactions.filter(({ isBack }) => isBack).length} back`,
});

async function reactionTo(lie: Lie, contender: Contender): Promise<Reaction> {
  const isAtStart = lie.to === 'subscribe' || lie.to === 'info';
  let isArmed = isAtStart;
  let soundAnswers = lie.to === 'pipeline' ? SOUND_ANSWERS : 0;
  const command = lie.to === 'pipeline' ? 'publish' : lie.to;
  const server = await ScriptedServer.start(([name]) => {
    if (!isArmed || name?.toLowerCase() !== command) return undefined;
    if (soundAnswers > 0) {
      soundAnswers -= 1;
      return undefined;
    }
    isArmed = false;
    return lie.bytes;
  });
  stage.closeLater(() => server.stop());
  const heard: unknown[] = [];
  const service = await stage.start(contender, {
    url: server.url,
    handlers: [{ name: 'handle', targets: ['orders'], handle: (payload) => heard.push(payload) }],
  });
  const publish = () =>
    service.publish('orders', {}).then(
      (count) => count,
      (error: Error) => error.name,
    );
  const before = isAtStart ? 2 : server.acceptedCount;
  let outcomes: readonly unknown[] = [];
  if (lie.to === 'push') server.push(lie.bytes);
  else if (!isAtStart) isArmed = true;
  if (lie.to === 'publish') outcomes = [await publish()];
  if (lie.to === 'pipeline') {
    const all = await Promise.all(Array.from({ length: 2 * SOUND_ANSWERS }, publish));
    outcomes = all.slice(SOUND_ANSWERS);
  }
  const isNewLink =
    lie.to !== 'info' && (await holds(() => expect(server.acceptedCount).toBeGreaterThan(before)));
  const isBack = await holds(async () => {
    expect(await publish()).toBe(0);
    heard.length = 0;
    server.push(MESSAGE);
    await eventually(() => expect(heard).toEqual([{}]), { timeoutMs: 200 });
  });
  await service.close();
  server.stop();
  return { lie, outcomes, isNewLink, isBack };
}

/** The lie comes behind what was asked for. */
function isAnswered({ to, bytes }: Lie): boolean {
  return to === 'publish' && bytes.startsWith(':0\r\n');
}

async function holds(assertion: () => unknown): Promise<boolean> {
  return eventually(assertion, { timeoutMs: 3_000 }).then(
    () => true,
    () => false,
  );
}

describe('F33: a server answers nonsense', () => {
  it('costs a connection, and never the process', () => expectToHold(rowWith(LIES), theBus()), 120_000);

  it('ends a process with plain ioredis (control)', () =>
    expectToBite(rowWith(LIES.filter(({ name }) => name === 'push: no channel')), plainIoredis()));
});
