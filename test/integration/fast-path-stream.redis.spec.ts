import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { DriverReader } from '../../libs/event-bus/src/transports/redis/driver.internals.js';
import { ARRAY, MessageReader, PUSH } from '../../libs/event-bus/src/transports/redis/message.reader.js';
import { READS_RESP3 } from '../../libs/event-bus/src/transports/redis/reply.guard.js';
import { untyped } from '../support/untyped.js';

type Protocol = 2 | 3;

const ALL = { maxPayloadBytes: Number.POSITIVE_INFINITY, takesText: false };
const MESSAGE_KINDS = ['message', 'pmessage', 'smessage'] as const;
type MessageKind = (typeof MESSAGE_KINDS)[number];

/** What ioredis has made of a stream: messages, answers to commands and errors, in their order. */
class Driver {
  readonly heard: string[] = [];
  readonly stream = Object.assign(new EventEmitter(), { resume: () => undefined });
  private readonly read: (bytes: Buffer) => void;

  constructor(protocol: Protocol) {
    const emitter = new EventEmitter();
    const condition = { protocol, subscriber: { add: () => undefined, del: () => undefined } };
    const answered = (reply: unknown) => this.heard.push(`answer ${textOf(reply)}`);
    const command = { name: 'ping', args: [], resolve: answered };
    const redis = Object.assign(emitter, {
      stream: this.stream,
      status: 'ready',
      condition,
      commandQueue: { shift: () => ({ command }), unshift: () => undefined, peekFront: () => undefined },
      handleReconnection: (error: Error) => this.heard.push(`error ${error.message}`),
      recoverFromFatalError: (error: Error) => this.heard.push(`fatal ${error.message}`),
    });
    for (const kind of MESSAGE_KINDS) {
      emitter.on(`${kind}Buffer`, (...parts: (Buffer | string)[]) => this.message(kind, parts.map(String)));
    }
    new DriverReader(untyped(redis), {});
    [this.read] = this.stream.listeners('data') as [(bytes: Buffer) => void];
  }

  message(kind: MessageKind, parts: readonly string[]): void {
    this.heard.push(`${kind} ${JSON.stringify(parts)}`);
  }

  /** As it reads alone. */
  alone(chunks: readonly Buffer[]): this {
    for (const chunk of chunks) this.read(Buffer.from(chunk));
    return this;
  }

  /** Behind a {@link MessageReader}. */
  behindReader(chunks: readonly Buffer[], mark: number): this {
    const reader = new MessageReader(
      {
        message: (kind, name, channel, body) => {
          if (kind === 'pattern') this.message('pmessage', [name, channel, String(body)]);
          else this.message(kind === 'shard' ? 'smessage' : 'message', [channel, String(body)]);
        },
        rest: (bytes) => this.read(Buffer.from(bytes)),
      },
      ALL,
    );
    reader.mark = mark;
    for (const chunk of chunks) reader.read(Buffer.from(chunk));
    return this;
  }
}

function textOf(reply: unknown): string {
  return JSON.stringify(reply, (_key, value: unknown) =>
    Buffer.isBuffer(value) ? value.toString('latin1') : value,
  );
}

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

/** Texts that look like what a parser looks for. */
const baits = fc.constantFrom(
  '',
  '\r\n',
  '*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n',
  '>4\r\n$8\r\npmessage\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n',
  'message',
  '$7\r\nmessage',
  '*3',
);
const texts = fc.oneof(
  baits,
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ minLength: 100, maxLength: 300 }),
);
const words = fc.string({ maxLength: 8 }).map((text) => text.replaceAll(/[\r\n]/g, ' '));

function messages(protocol: Protocol): fc.Arbitrary<string> {
  const mark = protocol === 3 ? '>' : '*';
  const plain = fc
    .tuple(fc.constantFrom('message', 'smessage'), texts, texts)
    .map(([kind, name, body]) => `${mark}3\r\n${bulk(kind)}${bulk(name)}${bulk(body)}`);
  const pattern = fc
    .tuple(texts, texts, texts)
    .map(
      ([name, channel, body]) => `${mark}4\r\n${bulk('pmessage')}${bulk(name)}${bulk(channel)}${bulk(body)}`,
    );
  return fc.oneof(plain, pattern);
}

/** Any reply of the protocol; those of RESP3 hold its own types too. */
function replies(protocol: Protocol): fc.Arbitrary<string> {
  const { reply } = fc.letrec<{ reply: string; value: string }>((tie) => {
    const leaves = [
      texts.map(bulk),
      fc.constantFrom('$-1\r\n', '*-1\r\n', '*0\r\n'),
      fc.integer().map((number) => `:${number}\r\n`),
      words.map((word) => `+${word}\r\n`),
    ];
    const list = (mark: string) =>
      fc.array(tie('value'), { maxLength: 5 }).map((items) => `${mark}${items.length}\r\n${items.join('')}`);
    const nested = [list('*')];
    if (protocol === 3) {
      leaves.push(
        fc.constantFrom('_\r\n', '#t\r\n', '#f\r\n', ',1.5\r\n', ',inf\r\n', '(12345678901234567890\r\n'),
        texts.map((text) => `=${Buffer.byteLength(text) + 4}\r\ntxt:${text}\r\n`),
      );
      nested.push(list('~'));
      nested.push(
        fc
          .array(fc.tuple(words.map(bulk), tie('value')), { maxLength: 3 })
          .map((pairs) => `%${pairs.length}\r\n${pairs.flat().join('')}`),
      );
    }
    return {
      value: fc.oneof({ depthSize: 'small' }, ...leaves, ...nested),
      // What begins with the name of a message is one, in RESP2, as far as ioredis is concerned.
      reply: fc.oneof(
        tie('value'),
        words.map((word) => `-ERR ${word}\r\n`),
        fc.tuple(texts, tie('value')).map(([text, value]) => `*2\r\n${bulk(text)}${value}`),
      ),
    };
  });
  const looksLikeMessage = /^(?:\*\d+\r\n)+(?:\+|\$\d+\r\n)[ps]?message\r\n/;
  // It throws at these, which no server sends while something is subscribed.
  const isWithoutName = /^\*(?:0|\d+\r\n[$*]-1)\r\n/;
  return reply.filter((text) => protocol === 3 || !(looksLikeMessage.test(text) || isWithoutName.test(text)));
}

/** A stream, and where it is cut. */
function cutStreams(protocol: Protocol): fc.Arbitrary<Buffer[]> {
  const stream = fc.array(fc.oneof(messages(protocol), replies(protocol)), { maxLength: 8 });
  return fc
    .tuple(stream, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean())
    .map(([parts, places, isInBytes]) => {
      const bytes = Buffer.from(parts.join(''));
      if (isInBytes) return [...bytes].map((byte) => Buffer.of(byte));
      const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
      return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
    });
}

describe.each(READS_RESP3 ? ([2, 3] as const) : ([2] as const))('a stream of RESP%s', (protocol) => {
  const mark = protocol === 3 ? PUSH : ARRAY;

  it('gives the same messages, answers and errors as ioredis alone, wherever it is cut', () => {
    fc.assert(
      fc.property(cutStreams(protocol), (chunks) => {
        const whole = new Driver(protocol).alone([Buffer.concat(chunks)]).heard;
        expect(new Driver(protocol).behindReader(chunks, mark).heard).toEqual(whole);
      }),
      { numRuns: 1_000 },
    );
  });
});
