import { jest } from '@jest/globals';
import type { MessageSettings } from '../event.transport.js';
import type { MessageSink } from './message.reader.js';
import { ARRAY, MessageReader } from './message.reader.js';
import { OddReplyError } from './odd.reply.js';

const MIB = 1024 * 1024;
const SETTINGS: MessageSettings = { maxPayloadBytes: MIB, takesText: true };

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const message = (name: string, body: string) => `*3\r\n${bulk('message')}${bulk(name)}${bulk(body)}`;
const pmessage = (name: string, channel: string, body: string) =>
  `*4\r\n${bulk('pmessage')}${bulk(name)}${bulk(channel)}${bulk(body)}`;
const confirmation = (name: string) => `*3\r\n${bulk('subscribe')}${bulk(name)}:1\r\n`;

interface Taken {
  readonly kind: string;
  readonly name: string;
  readonly channel: string;
  readonly body: Buffer | string;
  readonly bytes: number;
}

/** A reader, and what it takes and hands on, in order. */
function reading(settings: Partial<MessageSettings> = {}) {
  const taken: Taken[] = [];
  const rest: Buffer[] = [];
  const order: string[] = [];
  const sink = {
    message: (kind: string, name: string, channel: string, body: Buffer | string, bytes: number) => {
      taken.push({ kind, name, channel, body, bytes });
      order.push(`message ${channel}`);
    },
    rest: (bytes: Buffer) => {
      rest.push(bytes);
      order.push(`rest ${bytes.toString('latin1')}`);
      if (bytes.includes('subscribe')) reader.mark = ARRAY;
    },
  };
  const reader = new MessageReader(sink, { ...SETTINGS, ...settings });
  reader.mark = ARRAY;
  const read = (...chunks: (Buffer | string)[]) => {
    for (const chunk of chunks) reader.read(Buffer.from(chunk));
  };
  return { taken, rest, order, read, reader };
}

/** How many bytes are copied while `act` runs, whichever way. */
function bytesCopied(act: () => void): number {
  const copy = jest.spyOn(Buffer.prototype, 'copy');
  const concat = jest.spyOn(Buffer, 'concat');
  try {
    act();
    const counts = copy.mock.results.map(({ value }) => Number(value));
    const lengths = concat.mock.results.map(({ value }) => (value as Buffer).length);
    return [...counts, ...lengths].reduce((sum, count) => sum + count, 0);
  } finally {
    copy.mockRestore();
    concat.mockRestore();
  }
}

describe('MessageReader', () => {
  it('takes messages, and hands on everything else in stream order', () => {
    const { read, order, taken } = reading();
    read(`${message('a', '1')}+OK\r\n${pmessage('b*', 'bc', '2')}${confirmation('c')}:5\r\n`);
    expect(order).toEqual(['message a', 'rest +OK\r\n', 'message bc', `rest ${confirmation('c')}:5\r\n`]);
    expect(taken).toEqual([
      { kind: 'channel', name: 'a', channel: 'a', body: '1', bytes: 1 },
      { kind: 'pattern', name: 'b*', channel: 'bc', body: '2', bytes: 1 },
    ]);
  });

  it('dates a message by the chunk in which it ended', () => {
    const times: number[] = [];
    const sink = {
      message: (...[, , , , , receivedAtMs]: Parameters<MessageSink['message']>) => {
        times.push(receivedAtMs);
        // What a message causes takes time: the next one of the chunk did not arrive later for that.
        clock.mockReturnValue(9_000);
      },
      rest: () => undefined,
    };
    const clock = jest.spyOn(Date, 'now').mockReturnValue(1_000);
    try {
      const reader = new MessageReader(sink, SETTINGS);
      reader.mark = ARRAY;
      reader.read(Buffer.from(`${message('a', '1')}${message('a', '2')}${message('a', '3').slice(0, -3)}`));
      clock.mockReturnValue(2_000);
      reader.read(Buffer.from(message('a', '3').slice(-3)));
      expect(times).toEqual([1_000, 1_000, 2_000]);
    } finally {
      clock.mockRestore();
    }
  });

  it('takes nothing while nothing is subscribed, and messages right behind the confirmation', () => {
    const { read, order, reader } = reading();
    reader.mark = undefined;
    read(message('a', '1') + confirmation('b') + message('b', '2'));
    expect(order).toEqual([`rest ${message('a', '1')}${confirmation('b')}`, 'message b']);
  });

  it('hands on the confirmations of one command together, and each before the messages behind it', () => {
    const { read, order, reader } = reading();
    reader.mark = undefined;
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(confirmation) as [string, string, string, string];
    read(a + b + message('a', '1') + c + d);
    expect(order).toEqual([`rest ${a}${b}`, 'message a', `rest ${c}${d}`]);
  });

  it.each(['+OK\r\n', ':1\r\n', '$-1\r\n', '*-1\r\n', '*0\r\n', '-ERR no\r\n', '$0\r\n\r\n'])(
    'does not hold back the short reply %j',
    (reply) => {
      const { read, rest } = reading();
      read(message('a', '1'), reply);
      expect(rest.join('')).toBe(reply);
    },
  );

  it('hands on a reply that turns out to be no message as it is, however it is cut', () => {
    const odd = `*3\r\n${bulk('message')}${bulk('a')}:1\r\n`;
    for (let cut = 1; cut < odd.length; cut += 1) {
      const { read, rest, taken } = reading();
      read(odd.slice(0, cut), odd.slice(cut) + message('a', '2'));
      expect(rest.join('')).toBe(odd);
      expect(taken).toHaveLength(1);
    }
  });

  it.each([
    `*4\r\n${bulk('message')}${bulk('a')}${bulk('b')}${bulk('c')}`,
    `*3\r\n${bulk('pmessage')}${bulk('a')}${bulk('b')}`,
    `*3\r\n${bulk('massage')}${bulk('a')}${bulk('b')}`,
    `>3\r\n${bulk('message')}${bulk('a')}${bulk('b')}`,
  ])('hands on %j, which only looks like a message', (reply) => {
    for (const cut of [0, 5, 14, reply.length - 1]) {
      const { read, rest, taken } = reading();
      read(reply.slice(0, cut), reply.slice(cut));
      expect([taken, rest.join('')]).toEqual([[], reply]);
    }
  });

  it('takes no message out of the body of another reply', () => {
    const bait = `*2\r\n${bulk('x')}*3\r\n${bulk('message')}${bulk('a')}${bulk('1')}`;
    const { read, rest, taken } = reading();
    read(bait, `$${bait.length}\r\n`, bait, '\r\n');
    expect(taken).toEqual([]);
    expect(rest.join('')).toBe(`${bait}$${bait.length}\r\n${bait}\r\n`);
  });

  describe('what a handler may keep', () => {
    it('is a buffer that shares nothing with the chunk, where no text is taken', () => {
      const { reader, taken } = reading({ takesText: false });
      const chunk = Buffer.allocUnsafeSlow(message('a', 'kept').length);
      chunk.write(message('a', 'kept'));
      reader.read(chunk);
      chunk.fill(0);
      const [{ body } = { body: '' }] = taken;
      expect(body).toEqual(Buffer.from('kept'));
      expect((body as Buffer).buffer).not.toBe(chunk.buffer);
    });

    it.each([
      ['a whole message', (bytes: Buffer) => [bytes]],
      ['a message that is cut', (bytes: Buffer) => [bytes.subarray(0, -4), bytes.subarray(-4)]],
    ])('is text only where it is UTF-8: %s', (_name, cut) => {
      const bodyOf = (body: Buffer) => {
        const { reader, taken } = reading();
        const head = `*3\r\n${bulk('message')}${bulk('a')}$${body.length}\r\n`;
        const bytes = Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n')]);
        for (const chunk of cut(bytes)) reader.read(chunk);
        return taken[0]?.body;
      };
      expect(bodyOf(Buffer.from('grün \uFFFD'))).toBe('grün \uFFFD');
      expect(bodyOf(Buffer.from([0x67, 0x72, 0xfc, 0x6e]))).toEqual(Buffer.from([0x67, 0x72, 0xfc, 0x6e]));
    });
  });

  describe('memory', () => {
    it('keeps the beginning alone of a message that is too large, and goes on behind it', () => {
      const large = `beginning${'x'.repeat(3 * MIB)}`;
      const bytes = Buffer.from(pmessage('a*', 'ab', large) + message('a', 'next'));
      const { read, taken } = reading();
      const copied = bytesCopied(() => {
        for (let at = 0; at < bytes.length; at += 65_536) read(bytes.subarray(at, at + 65_536));
      });
      expect(taken.map(({ channel, bytes: length }) => [channel, length])).toEqual([
        ['ab', large.length],
        ['a', 4],
      ]);
      expect(String(taken[0]?.body)).toBe(large.slice(0, 8 * 1024));
      // Buffer.from in `read` copies nothing that is counted here.
      expect(copied).toBeLessThan(16 * 1024);
    });

    it('keeps the beginning alone of one that is too large and lies whole in a chunk', () => {
      const { read, taken } = reading({ maxPayloadBytes: 10 });
      read(message('a', 'x'.repeat(20_000)));
      expect(taken).toMatchObject([{ bytes: 20_000, body: 'x'.repeat(8 * 1024) }]);
    });

    it.each([
      ['31 MB in chunks of 64 KiB', 31 * 1024 * 1024, 65_536],
      ['100 KB byte by byte', 100_000, 1],
    ])('copies no byte of a message more than once: %s', (_name, length, size) => {
      const bytes = Buffer.from(message('a', 'x'.repeat(length)));
      const { reader, taken } = reading({ maxPayloadBytes: Number.POSITIVE_INFINITY, takesText: false });
      const copied = bytesCopied(() => {
        for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size));
      });
      expect(taken).toMatchObject([{ bytes: length }]);
      expect(copied).toBeLessThanOrEqual(bytes.length);
    });

    it('copies no byte of a long name more than once either', () => {
      const name = 'n'.repeat(50_000);
      const bytes = Buffer.from(message(name, '1'));
      const { reader, taken } = reading();
      const copied = bytesCopied(() => {
        for (const byte of bytes) reader.read(Buffer.of(byte));
      });
      expect(taken).toMatchObject([{ name, body: '1' }]);
      expect(copied).toBeLessThanOrEqual(bytes.length);
    });
  });

  describe('a length', () => {
    it.each(['$1x\r\n', '$\r\n', '*?\r\n', '$536870913\r\n', `$${'9'.repeat(30)}\r\n`, '$--1\r\n'])(
      'that nobody can mean ends the reading: %j',
      (line) => {
        const { read, order } = reading();
        expect(() => read(`${message('a', '1')}+OK\r\n${line}`)).toThrow(OddReplyError);
        expect(order[0]).toBe('message a');
        expect(order[1]).toMatch(/^rest \+OK/);
      },
    );

    it('within a message ends the reading as well', () => {
      const { read } = reading();
      expect(() => read(`*3\r\n${bulk('message')}$1\r\na\r\n$536870913\r\n`)).toThrow(OddReplyError);
    });
  });

  it('leaves to the driver what is no RESP, with everything behind it', () => {
    const { read, rest, taken } = reading();
    read(message('a', '1'), 'HTTP/1.1 400\r\n', message('a', '2'));
    expect(taken).toHaveLength(1);
    expect(rest.join('')).toBe(`HTTP/1.1 400\r\n${message('a', '2')}`);
  });

  it('reads nothing more once it is over', () => {
    const { read, taken, rest, reader } = reading();
    reader.isOver = true;
    read(message('a', '1') + '+OK\r\n');
    expect([taken, rest]).toEqual([[], []]);
  });
});
