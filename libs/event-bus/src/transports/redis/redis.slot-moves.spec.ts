import { Command } from 'ioredis';
import type { QueuedCommand } from './driver.internals.js';
import { RedisSlotMoves, isOutOfStep } from './redis.slot-moves.js';

/** As much of ioredis as it looks into. */
class Driver {
  readonly items: QueuedCommand[] = [];
  readonly deleted: string[] = [];
  readonly subscriptions = {
    del: (replyType: string, name: string): void => void this.deleted.push(`${replyType} ${name}`),
  };
  readonly commandQueue = {
    length: 0,
    peekFront: () => this.items[0],
    shift: () => this.items.shift(),
    unshift: (item: QueuedCommand) => void this.items.unshift(item),
    toArray: () => this.items,
  };

  ask(name: string, ...args: string[]): Command {
    const command = new Command(name, args);
    this.items.push({ command, stream: 'socket', select: 0 });
    return command;
  }

  /** What both ioredis 5 and 6 do when the server says so. */
  receive(replyType: string, name: string): string | undefined {
    this.subscriptions.del(replyType, name);
    const answered = this.items.shift()?.command;
    return answered && `${answered.name} ${answered.args.join(' ')}`;
  }
}

describe('RedisSlotMoves', () => {
  let driver: Driver;
  let unsubscribed: string[];
  let moves: RedisSlotMoves;
  beforeEach(() => {
    driver = new Driver();
    unsubscribed = [];
    moves = new RedisSlotMoves(
      () => driver.commandQueue,
      (name) => unsubscribed.push(name),
    );
    moves.watch(driver.subscriptions);
  });

  it('tells of what the server unsubscribes by itself, and keeps it from answering something else', () => {
    driver.ask('unsubscribe', 'unused');
    expect(driver.receive('sunsubscribe', 'a')).toBe('sunsubscribe a');
    expect(driver.receive('unsubscribe', 'unused')).toBe('unsubscribe unused');
    expect(unsubscribed).toEqual(['a']);
    expect(driver.deleted).toEqual(['sunsubscribe a', 'unsubscribe unused']);
  });

  it('says nothing of what was asked for', () => {
    driver.ask('sunsubscribe', 'a', 'b');
    expect(driver.receive('sunsubscribe', 'a')).toBe('sunsubscribe a b');
    expect(unsubscribed).toEqual([]);
  });

  it('tells it apart from the answer for another channel', () => {
    driver.ask('sunsubscribe', 'b');
    expect(driver.receive('sunsubscribe', 'a')).toBe('sunsubscribe a');
    expect(driver.receive('sunsubscribe', 'b')).toBe('sunsubscribe b');
    expect(unsubscribed).toEqual(['a']);
  });

  it('watches the same subscriptions once, and those of the next connection too', () => {
    moves.watch(driver.subscriptions);
    driver.receive('sunsubscribe', 'a');
    expect(unsubscribed).toEqual(['a']);
    moves.watch(false);
    const next = new Driver();
    moves.watch(next.subscriptions);
    next.subscriptions.del('sunsubscribe', 'b');
    expect(unsubscribed).toEqual(['a', 'b']);
  });

  it('answers the SSUBSCRIBE that the driver leaves without an answer', async () => {
    const [first, second] = [driver.ask('ssubscribe', 'a'), driver.ask('ssubscribe', 'b')];
    for (const command of [first, second, driver.ask('ping')]) moves.expect(command);
    driver.items.shift();
    moves.answerMoved();
    await expect(first.promise).rejects.toMatchObject({
      name: 'ReplyError',
      message: expect.stringMatching(/^MOVED /),
    });
    driver.items.shift();
    second.resolve(1);
    moves.answerMoved();
    await expect(second.promise).resolves.toBe(1);
  });

  it('lets the answer of the driver count, which says where to', async () => {
    const command = driver.ask('ssubscribe', 'a');
    moves.expect(command);
    driver.items.shift();
    moves.answerMoved();
    command.reject(new Error('MOVED 1 b:1'));
    await expect(command.promise).rejects.toThrow('MOVED 1 b:1');
  });

  it('does nothing when nothing was asked', () => {
    expect(() => moves.answerMoved()).not.toThrow();
  });
});

describe('isOutOfStep', () => {
  it('knows the error of a driver that has an answer too many', () => {
    expect(
      isOutOfStep(new Error('Command queue state error. If you can reproduce this, please report it.')),
    ).toBe(true);
    expect(isOutOfStep(new Error('connect ECONNREFUSED'))).toBe(false);
  });
});
