import { jest } from '@jest/globals';
import { NotConnectedError, PublishRefusedError } from '../../errors.js';
import type { OutgoingMessage, PublishOutcome, SettledListener } from '../event.transport.js';
import { SlotLane } from './slot.lane.js';

/** A node whose answers the test gives. */
class Node {
  readonly asked: { body: string; answer: (outcome: PublishOutcome) => void }[] = [];
  readonly connection = { isUp: true };
  /** How many messages came at once, each time. */
  readonly runs: number[] = [];
  readonly publisher = {
    publish: (messages: readonly OutgoingMessage[], settled: SettledListener) => {
      this.runs.push(messages.length);
      messages.forEach((message, index) => this.ask(message, (outcome) => settled(index, outcome)));
    },
  };
  readonly error = new NotConnectedError('gone');
  opening: Promise<void> | undefined;

  get bodies(): string[] {
    return this.asked.map(({ body }) => body);
  }

  answer(index: number, outcome: PublishOutcome = { subscriptions: 1 }): void {
    this.asked[index]!.answer(outcome);
  }

  private ask({ body }: OutgoingMessage, answer: (outcome: PublishOutcome) => void): void {
    this.asked.push({ body: typeof body === 'function' ? String(body()) : String(body), answer });
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const refused = (message: string) => {
  const cause = Object.assign(new Error(message), { name: 'ReplyError' });
  return { error: new PublishRefusedError('x', { cause, reason: message }) };
};

describe('SlotLane', () => {
  let [a, b] = [new Node(), new Node()];
  let owner: Node | undefined;
  let learnt: string[];
  let lane: SlotLane;
  beforeEach(() => {
    [a, b] = [new Node(), new Node()];
    owner = a;
    learnt = [];
    lane = new SlotLane(
      () => owner,
      (refusal) => {
        learnt.push(refusal);
        owner = b;
      },
    );
  });

  const sendAll = (bodies: readonly OutgoingMessage['body'][]): Promise<PublishOutcome>[] => {
    const outcomes: Promise<PublishOutcome>[] = [];
    const messages = bodies.map((body) => {
      let settle!: (outcome: PublishOutcome) => void;
      outcomes.push(new Promise((resolve) => (settle = resolve)));
      return { message: { kind: 'shard', channel: 'x', body } as const, settle };
    });
    lane.send(messages);
    return outcomes;
  };
  const send = (body: OutgoingMessage['body']) => sendAll([body])[0] as Promise<PublishOutcome>;

  it('sends what comes together in one go, also again', async () => {
    const outcomes = sendAll(['1', '2', '3']);
    expect(a.runs).toEqual([3]);
    a.answer(0);
    a.answer(1, refused('MOVED 1 b:1'));
    outcomes.push(...sendAll(['4', '5']));
    expect(b.runs).toEqual([]);
    a.answer(2, refused('MOVED 1 b:1'));
    expect([b.runs, b.bodies]).toEqual([[4], ['2', '3', '4', '5']]);
    for (const index of [0, 1, 2, 3]) b.answer(index);
    expect(await Promise.all(outcomes)).toEqual(Array(5).fill({ subscriptions: 1 }));
  });

  it.each(['ASK 1 b:1', 'TRYAGAIN x'])(
    'sends to the same node again what it has not run while the slot moves: %s',
    async (refusal) => {
      const outcomes = sendAll(['1', '2']);
      a.answer(0, refused(refusal));
      a.answer(1, refused(refusal));
      expect(a.bodies).toEqual(['1', '2', '1', '2']);
      a.answer(2);
      a.answer(3);
      expect(await Promise.all(outcomes)).toEqual(Array(2).fill({ subscriptions: 1 }));
      expect(learnt).toEqual([]);
    },
  );

  it('sends without waiting for answers', async () => {
    const outcomes = [send('1'), send('2')];
    expect(a.bodies).toEqual(['1', '2']);
    a.answer(1);
    a.answer(0, { subscriptions: 7 });
    expect(await Promise.all(outcomes)).toEqual([{ subscriptions: 7 }, { subscriptions: 1 }]);
    expect(lane.isIdle).toBe(true);
  });

  it('sends what a node refused to the next one, in order, before what came meanwhile', async () => {
    const bodies = ['1', '2', '3'].map((body) => jest.fn(() => body));
    const outcomes = bodies.slice(0, 2).map((body) => send(body));
    a.answer(0, refused('MOVED 1 b:1'));
    await turn();
    outcomes.push(send(bodies[2]!));
    expect([a.bodies, b.bodies]).toEqual([['1', '2'], []]);
    a.answer(1, refused('MOVED 1 b:1'));
    await turn();
    expect(b.bodies).toEqual(['1', '2', '3']);
    for (const index of [0, 1, 2]) b.answer(index);
    expect(await Promise.all(outcomes)).toEqual(Array(3).fill({ subscriptions: 1 }));
    expect(learnt).toEqual(['MOVED 1 b:1', 'MOVED 1 b:1']);
    for (const body of bodies) expect(body).toHaveBeenCalledTimes(1);
  });

  it('waits for the answers of the last owner when there is another one', async () => {
    const outcomes = [send('1')];
    owner = b;
    outcomes.push(send('2'));
    expect(b.bodies).toEqual([]);
    a.answer(0);
    await turn();
    // What it has accepted may still be on its way to the subscribers of the next one.
    expect(b.bodies).toEqual([]);
    while (b.asked.length === 0) await turn();
    expect(b.bodies).toEqual(['2']);
    b.answer(0);
    expect(await Promise.all(outcomes)).toHaveLength(2);
  });

  it('sends nothing again that may have been delivered, or was refused for another reason', async () => {
    const unconfirmed = { error: new Error('lost') };
    const outcomes = [send('1'), send('2')];
    a.answer(0, unconfirmed);
    a.answer(1, refused('CLUSTERDOWN x'));
    expect(await outcomes[0]).toBe(unconfirmed);
    expect(await outcomes[1]).toMatchObject({ error: { code: 'EVENT_BUS_PUBLISH_REFUSED' } });
    expect(b.bodies).toEqual([]);
  });

  it('gives up when nodes send it from one to the next', async () => {
    const outcome = send('1');
    a.answer(0, refused('MOVED 1 b:1'));
    for (let index = 0; index < 4; index += 1) {
      await turn();
      b.answer(index, refused('MOVED 1 b:1'));
    }
    expect(await outcome).toMatchObject({ error: { code: 'EVENT_BUS_PUBLISH_REFUSED' } });
    expect(b.bodies).toHaveLength(4);
  });

  it('waits for the first connection, and refuses when there is none', async () => {
    let settle!: () => void;
    a.opening = new Promise((resolve) => {
      settle = resolve;
    });
    const body = jest.fn(() => '1');
    const outcomes = [send(body), send('2')];
    a.connection.isUp = false;
    a.opening.then(
      () => {
        a.opening = undefined;
      },
      () => undefined,
    );
    settle();
    expect(await Promise.all(outcomes)).toEqual([{ error: a.error }, { error: a.error }]);
    expect(body).not.toHaveBeenCalled();
  });

  it('refuses when nobody serves the slot', async () => {
    owner = undefined;
    expect(await send('1')).toMatchObject({ error: { message: expect.stringContaining('no node serves') } });
  });

  it('lets no more than a thousand wait', async () => {
    const many = sendAll(Array<string>(1_500).fill('x'));
    expect(a.bodies).toHaveLength(1_500);
    for (const index of many.keys()) a.answer(index);
    a.opening = new Promise(() => undefined);
    for (let index = 0; index < 1_000; index += 1) void send('x');
    expect(await send('y')).toMatchObject({
      error: { code: 'EVENT_BUS_PUBLISH_BUFFER_FULL', limit: '1000 events of one slot' },
    });
  });
});
