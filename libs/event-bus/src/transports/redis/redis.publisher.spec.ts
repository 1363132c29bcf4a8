import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Escapes } from '../../../../../test/support/escapes.js';
import type { OutgoingMessage, PublishOutcome } from '../event.transport.js';
import type { CommandSeries } from './command.series.js';
import { OddReplyError } from './odd.reply.js';
import type { PublishLink } from './redis.publisher.js';
import { RedisPublisher } from './redis.publisher.js';

class FakeSocket extends EventEmitter {
  writable = true;
  writableLength = 0;
}

/** A link whose server answers when the test says so. */
class FakeLink {
  socket = new FakeSocket();
  isProved = false;
  readonly distrusted: string[] = [];
  /** What was written, by the write. */
  readonly writes: string[] = [];
  private readonly unanswered: CommandSeries[] = [];
  readonly redis = {
    sendCommand: (series: CommandSeries): unknown => {
      this.writes.push(String(series.toWritable(this.socket)));
      this.unanswered.push(series);
      return series.promise;
    },
  };

  /** As the ReplyGuard does. */
  answer(...replies: readonly unknown[]): void {
    for (const reply of replies) this.first().replied(reply);
  }

  refuse(message: string): void {
    this.first()
      .refused()
      .reject(Object.assign(new Error(message), { name: 'ReplyError' }));
  }

  lose(): void {
    for (const series of this.unanswered.splice(0)) series.reject(new Error('the link is gone'));
  }

  /** As ioredis does after `commandTimeout`: the answers may still arrive. */
  timeOut(): void {
    for (const series of this.unanswered) series.reject(new Error('Command timed out'));
  }

  causeOf(error: unknown): unknown {
    return error;
  }

  distrust(command: string): OddReplyError {
    this.distrusted.push(command);
    return new OddReplyError(command);
  }

  private first(): CommandSeries {
    const [series] = this.unanswered as [CommandSeries];
    if (series.answeredCount + 1 === series.length) this.unanswered.shift();
    return series;
  }
}

const message = (channel: string, body: OutgoingMessage['body'] = channel): OutgoingMessage => ({
  kind: 'channel',
  channel,
  body,
});

/** `publish a 1`, as it is written. */
function wire(...commands: readonly string[]): string {
  const bulks = (command: string) =>
    command.split(' ').map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return commands.map((command) => `*3\r\n${bulks(command).join('')}`).join('');
}

function raise(error: Error): never {
  throw error;
}

describe('RedisPublisher', () => {
  let link: FakeLink;
  let writableCount: number;
  let publisher: RedisPublisher;
  beforeEach(() => {
    link = new FakeLink();
    writableCount = 0;
    // As much of a link as it uses.
    publisher = new RedisPublisher(link as unknown as PublishLink, () => void (writableCount += 1));
  });

  /** What became of each, as far as it is known. */
  function publish(...messages: OutgoingMessage[]) {
    const outcomes: (string | number | undefined)[] = messages.map(() => undefined);
    publisher.publish(messages, (index, outcome: PublishOutcome) => {
      expect(outcomes[index]).toBeUndefined();
      outcomes[index] =
        'error' in outcome ? (outcome.error as { code?: string }).code : outcome.subscriptions;
    });
    return outcomes;
  }

  it.each<[string, () => unknown]>([
    ['throws', () => raise(new Error('instrumented'))],
    ['rejects with a promise of its own', () => Promise.reject(new Error('instrumented'))],
  ])('settles all messages when an instrumented client %s, and goes on', async (_what, fail) => {
    const { sendCommand } = link.redis;
    const escapes = new Escapes();
    escapes.listen();
    link.redis.sendCommand = (series) => {
      sendCommand(series);
      return fail();
    };
    const failed = publish(message('a', '1'), message('b', '2'));
    link.redis.sendCommand = sendCommand;
    const next = publish(message('c', '3'));
    const escaped = await escapes.take();
    escapes.release();
    expect(escaped).toEqual([]);
    link.answer(1, 1, 1);
    expect(next).toEqual([1]);
    expect(failed).not.toContain(undefined);
  });

  it('settles each message with what the server counts for it, as soon as it answers', () => {
    const one = publish(message('a'));
    const several = publish(message('a', '1'), { kind: 'shard', channel: 'ü', body: 'ö' }, message('b', '3'));
    expect(link.writes).toEqual([wire('publish a a'), wire('publish a 1', 'spublish ü ö', 'publish b 3')]);
    link.answer(3, 1, '2');
    expect([one, several]).toEqual([[3], [1, 2, undefined]]);
    expect(link.isProved).toBe(true);
    link.answer(0);
    expect(several).toEqual([1, 2, 0]);
  });

  it('writes bytes unchanged between texts', () => {
    publish(
      message('a', 'x'),
      message('a', Buffer.from('\r\n$1\r\n')),
      message('a', Buffer.alloc(0)),
      message('b'),
    );
    expect(link.writes).toEqual([
      `${wire('publish a x')}*3\r\n$7\r\npublish\r\n$1\r\na\r\n$6\r\n\r\n$1\r\n\r\n*3\r\n$7\r\npublish\r\n$1\r\na\r\n$0\r\n\r\n${wire('publish b b')}`,
    ]);
  });

  it('begins another write when one has 64 KiB', () => {
    const body = 'x'.repeat(30_000);
    publish(message('a', body), message('a', body), message('a', body), message('b'), message('b'));
    expect(link.writes).toEqual([
      wire(...Array<string>(3).fill(`publish a ${body}`)),
      wire('publish b b', 'publish b b'),
    ]);
  });

  it('writes what is published while it is corked as one, in order', () => {
    publisher.cork();
    const outcomes = [publish(message('a', '1')), publish(message('b', '2'), message('a', '3'))];
    expect(link.writes).toEqual([]);
    publisher.uncork();
    expect(link.writes).toEqual([wire('publish a 1', 'publish b 2', 'publish a 3')]);
    link.answer(1, 2, 3);
    expect(outcomes).toEqual([[1], [2, 3]]);
    publish(message('a'));
    expect(link.writes).toHaveLength(2);
    publisher.cork();
    publisher.uncork();
    expect(link.writes).toHaveLength(2);
  });

  it('settles a refused message with the refusal, and the others with their counts', async () => {
    const outcomes = publish(message('a'), message('no'), message('b'));
    link.answer(1);
    link.refuse('NOPERM no');
    link.answer(2);
    await turn();
    expect(outcomes).toEqual([1, 'EVENT_BUS_PUBLISH_REFUSED', 2]);
  });

  it('settles what has no answer as unconfirmed when the link is lost, and nothing twice', async () => {
    const outcomes = [publish(message('a'), message('a'), message('a')), publish(message('b'))];
    link.answer(1);
    link.refuse('NOPERM a');
    link.lose();
    await turn();
    const unconfirmed = 'EVENT_BUS_PUBLISH_UNCONFIRMED';
    expect(outcomes).toEqual([[1, 'EVENT_BUS_PUBLISH_REFUSED', unconfirmed], [unconfirmed]]);
  });

  it('settles nothing again that is answered after it was given up', async () => {
    const outcomes = publish(message('a'), message('b'), message('c'));
    link.answer(1);
    link.timeOut();
    await turn();
    link.answer(1);
    link.refuse('NOPERM c');
    await turn();
    expect(outcomes).toEqual([1, 'EVENT_BUS_PUBLISH_UNCONFIRMED', 'EVENT_BUS_PUBLISH_UNCONFIRMED']);
  });

  it.each([[{ odd: true }], [-1], ['1x'], [null], [[1]]])(
    'believes no answer from an odd one on: %j',
    async (odd) => {
      const outcomes = publish(message('a'), message('b'), message('c'));
      link.answer(1);
      expect(() => link.answer(odd)).toThrow(OddReplyError);
      await turn();
      expect(outcomes).toEqual([1, 'EVENT_BUS_PUBLISH_UNCONFIRMED', 'EVENT_BUS_PUBLISH_UNCONFIRMED']);
    },
  );

  it('fails the message alone whose body cannot be made', () => {
    const body = () => {
      throw Object.assign(new Error('no body'), { code: 'ODD' });
    };
    const outcomes = publish(
      message('a'),
      message('b', body),
      message('c', () => 'made'),
    );
    expect(outcomes).toEqual([undefined, 'ODD', undefined]);
    expect(link.writes).toEqual([wire('publish a a', 'publish c made')]);
    link.answer(1, 2);
    expect(outcomes).toEqual([1, 'ODD', 2]);
  });

  it('makes no body of what cannot be written', () => {
    const body = () => {
      throw new Error('a body was made');
    };
    link.socket.writable = false;
    expect(publish(message('a', body))).toEqual(['EVENT_BUS_NOT_CONNECTED']);
    expect(publish(message('a', body), message('b', body))).toEqual(Array(2).fill('EVENT_BUS_NOT_CONNECTED'));
    expect(link.writes).toEqual([]);
  });

  it('takes no more when the socket is full, and tells once when it has drained', () => {
    link.socket.writableLength = 65 * 1024 * 1024;
    expect([publish(message('a')), publish(message('b'))]).toEqual([
      ['EVENT_BUS_PUBLISH_BUFFER_FULL'],
      ['EVENT_BUS_PUBLISH_BUFFER_FULL'],
    ]);
    expect(link.writes).toEqual([]);
    link.socket.writableLength = 0;
    link.socket.emit('drain');
    expect(writableCount).toBe(1);
    expect(link.socket.eventNames()).toEqual([]);
  });
});
