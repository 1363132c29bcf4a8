import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { MessageBody, OutgoingMessage, PublishOutcome } from '../event.transport.js';
import { OddReplyError } from './odd.reply.js';
import type { PublishLink } from './redis.publisher.js';
import { RedisPublisher } from './redis.publisher.js';
import { MIN_SCRIPT_MESSAGES } from './script.sender.js';

class FakeSocket extends EventEmitter {
  writable = true;
  writableLength = 0;
  corked = 0;

  cork(): void {
    this.corked += 1;
  }

  uncork(): void {
    this.corked -= 1;
  }
}

interface Sent {
  readonly command: string;
  readonly answer: (reply: unknown) => void;
  readonly refuse: (message: string) => void;
}

/** A link whose server answers when the test says so. */
class FakeLink implements PublishLink {
  socket = new FakeSocket();
  readonly sent: Sent[] = [];
  readonly distrusted: string[] = [];
  readonly redis = {
    publish: (channel: string, body: MessageBody) => this.call(`publish ${channel}`, [body]),
    spublish: (channel: string, body: MessageBody) => this.call(`spublish ${channel}`, [body]),
  };

  call(name: string, args: (string | Buffer)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.sent.push({
        command:
          name === 'eval'
            ? `eval ${args[0] === 'return 1' ? '1' : args.slice(2).join(' ')}`
            : `${name} ${String(args[0])}`,
        answer: resolve,
        refuse: (message) => reject(Object.assign(new Error(message), { name: 'ReplyError' })),
      });
    });
  }

  causeOf(error: unknown): unknown {
    return error;
  }

  distrust(command: string): OddReplyError {
    this.distrusted.push(command);
    return new OddReplyError(command);
  }

  isProved = false;
}

const message = (channel: string, body = channel): OutgoingMessage => ({ kind: 'channel', channel, body });

describe('RedisPublisher', () => {
  let link: FakeLink;
  let writableCount: number;
  let publisher: RedisPublisher;
  beforeEach(() => {
    link = new FakeLink();
    writableCount = 0;
    publisher = new RedisPublisher(link, () => void (writableCount += 1));
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
  const commands = () => link.sent.map(({ command }) => command);

  /** As many as a script is worth, `a 1`, `b 2` and so on. */
  const many = (from = 1) =>
    Array.from({ length: MIN_SCRIPT_MESSAGES }, (_, n) => message('ab'.charAt(n % 2), String(from + n)));
  const counts = (count: number) => Array<number>(MIN_SCRIPT_MESSAGES).fill(count);

  /** A script's worth that leaves together, and the answer to whether it could have gone as one. */
  async function permitScripts(): Promise<void> {
    publish(...many());
    for (const { answer } of link.sent.splice(0)) answer(1);
    await turn();
  }

  it('sends one message as one command, and settles it with what the server counts', async () => {
    const outcomes = publish(message('a'));
    const shard = publish({ kind: 'shard', channel: 's', body: 'x' });
    expect(commands()).toEqual(['publish a a', 'spublish s x']);
    link.sent[0]!.answer(3);
    link.sent[1]!.answer('2');
    await turn();
    expect([outcomes, shard]).toEqual([[3], [2]]);
  });

  it('sends few messages one by one, in one write, and asks for nothing', async () => {
    const outcomes = publish(...many().slice(1));
    expect(commands()).toEqual(
      many()
        .slice(1)
        .map(({ channel, body }) => `publish ${channel} ${String(body)}`),
    );
    expect([link.socket.corked, publisher.batching]).toEqual([0, 'undecided']);
    for (const { answer } of link.sent) answer(1);
    await turn();
    expect(outcomes).toEqual(counts(1).slice(1));
  });

  it('asks whether scripts are permitted when many leave together, and sends them one by one until then', async () => {
    expect(publisher.batching).toBe('undecided');
    publish(...many());
    expect(commands().slice(0, 3)).toEqual(['eval 1', 'publish a 1', 'publish b 2']);
    expect(link.sent).toHaveLength(1 + MIN_SCRIPT_MESSAGES);
    expect(link.socket.corked).toBe(0);
    link.sent[0]!.answer(1);
    await turn();
    expect(publisher.batching).toBe('script');
    for (const { answer } of link.sent.splice(0).slice(1)) answer(1);
    await turn();
    const outcomes = publish(...many());
    expect(commands()).toEqual([expect.stringMatching(/^eval a 1 b 2 a 3 .* 8$/)]);
    link.sent[0]!.answer(counts(4));
    await turn();
    expect(outcomes).toEqual(counts(4));
  });

  it('sends even one message as a script behind one that may be refused', async () => {
    await permitScripts();
    publish(...many());
    publish(message('a', 'behind'));
    publish(message('a', 'x'), message('a', 'y'));
    expect(commands().slice(1)).toEqual(['eval a behind', 'eval a 2 x y']);
    link.sent[0]!.answer(counts(1));
    link.sent[1]!.answer([1]);
    link.sent[2]!.answer([1, 1]);
    await turn();
    publish(message('a', 'alone'));
    expect(commands().at(-1)).toBe('publish a alone');
  });

  it('asks again on another link', async () => {
    await permitScripts();
    link.socket = new FakeSocket();
    publish(...many());
    expect(commands()[0]).toBe('eval 1');
  });

  it('sends each by itself where the server denies scripts', async () => {
    publish(...many());
    link.sent[0]!.refuse('NOPERM no eval');
    await turn();
    expect(publisher.batching).toBe('pipeline');
    link.sent.splice(0);
    publish(...many());
    expect(commands()).toEqual(many().map(({ channel, body }) => `publish ${channel} ${String(body)}`));
  });

  it('sends a script that was refused before it began in another way, and what came meanwhile behind it', async () => {
    await permitScripts();
    const first = publish(...many());
    link.sent.splice(0)[0]!.refuse('NOPERM no eval any more');
    await turn();
    const second = publish(message('a', '9'));
    expect(commands()).toEqual(
      [...many(), message('a', '9')].map(({ channel, body }) => `publish ${channel} ${String(body)}`),
    );
    for (const { answer } of link.sent.splice(0)) answer(1);
    await turn();
    expect([first, second]).toEqual([counts(1), [1]]);
  });

  it('does not send a refused script again when something behind it was executed', async () => {
    await permitScripts();
    const first = publish(...many());
    const second = publish(message('a', '9'));
    const [refused, executed] = link.sent.splice(0);
    executed!.answer([1]);
    refused!.refuse('BUSY a script runs');
    await turn();
    expect(second).toEqual([1]);
    expect(first).toEqual(Array(MIN_SCRIPT_MESSAGES).fill('EVENT_BUS_PUBLISH_REFUSED'));
    expect(link.sent).toEqual([]);
  });

  it('settles with what the server refuses, and with what is unknown when the link goes', async () => {
    const refused = publish(message('a'));
    link.sent.splice(0)[0]!.refuse('NOPERM a');
    const unknown = publish(message('a'));
    link.redis.publish = () => Promise.reject(new Error('the link is gone'));
    const gone = publish(message('a'));
    link.sent.splice(0)[0]!.answer({ odd: true });
    await turn();
    expect([refused, unknown, gone]).toEqual([
      ['EVENT_BUS_PUBLISH_REFUSED'],
      ['EVENT_BUS_PUBLISH_UNCONFIRMED'],
      ['EVENT_BUS_PUBLISH_UNCONFIRMED'],
    ]);
    expect(link.distrusted).toEqual(['publish']);
  });

  it('makes no body of what cannot be written', () => {
    const body = () => {
      throw new Error('a body was made');
    };
    link.socket.writable = false;
    expect(publish({ ...message('a'), body })).toEqual(['EVENT_BUS_NOT_CONNECTED']);
    expect(publish({ ...message('a'), body }, { ...message('b'), body })).toEqual(
      Array(2).fill('EVENT_BUS_NOT_CONNECTED'),
    );
    expect(link.sent).toEqual([]);
  });

  it('takes no more when the socket is full, and tells once when it has drained', () => {
    link.socket.writableLength = 65 * 1024 * 1024;
    expect([publish(message('a')), publish(message('b'))]).toEqual([
      ['EVENT_BUS_PUBLISH_BUFFER_FULL'],
      ['EVENT_BUS_PUBLISH_BUFFER_FULL'],
    ]);
    expect(link.sent).toEqual([]);
    link.socket.writableLength = 0;
    link.socket.emit('drain');
    expect(writableCount).toBe(1);
    expect(link.socket.eventNames()).toEqual([]);
  });
});
