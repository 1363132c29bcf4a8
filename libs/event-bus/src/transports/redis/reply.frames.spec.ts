import { OddReplyError } from './odd.reply.js';
import { ReplyFrames } from './reply.frames.js';

/** The positions at which a reply ends, read in chunks of this size. */
function endsIn(stream: string, size: number): number[] {
  const frames = new ReplyFrames();
  const bytes = Buffer.from(stream);
  const ends: number[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    const chunk = bytes.subarray(from, from + size);
    for (let at = 0; at < chunk.length;) {
      at = frames.follow(chunk, at);
      if (frames.isBetween) ends.push(from + at);
    }
  }
  return ends;
}

describe('ReplyFrames', () => {
  const replies = [
    '+OK\r\n',
    '-ERR no *3\r\n',
    ':-12\r\n',
    '$-1\r\n',
    '*-1\r\n',
    '*0\r\n',
    '$0\r\n\r\n',
    '$5\r\n*1\r\n$\r\n',
    '*2\r\n:1\r\n$-1\r\n',
    '*2\r\n*2\r\n+a\r\n*0\r\n$1\r\nb\r\n',
    '_\r\n',
    '#t\r\n',
    ',1.5\r\n',
    '(123456789012345678901234567890\r\n',
    '!5\r\nERR \n\r\n',
    '=7\r\ntxt:a\r\n\r\n',
    '~2\r\n:1\r\n:2\r\n',
    '%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n',
    '>2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n',
    '|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n',
    '*2\r\n|1\r\n+ttl\r\n:9\r\n:1\r\n:2\r\n',
  ];

  it.each(replies)('finds the end of %j, and not before', (reply) => {
    for (const size of [1, 2, 3, reply.length]) expect(endsIn(reply, size)).toEqual([reply.length]);
  });

  it('finds the end of each of many, however they are split', () => {
    const stream = replies.join('');
    let end = 0;
    const ends = replies.map((reply) => (end += reply.length));
    for (const size of [1, 7, 64, stream.length]) expect(endsIn(stream, size)).toEqual(ends);
  });

  it.each(['$\r\n', '$x\r\n', '$1x\r\n', '*?\r\n', '$--1\r\n', '$536870913\r\n', `*${'9'.repeat(21)}\r\n`])(
    'throws at the length of %j',
    (line) => expect(() => endsIn(line, 1)).toThrow(OddReplyError),
  );

  it('finds no end after bytes that are not RESP', () => {
    expect(endsIn('+OK\r\nHTTP/1.1\r\n+OK\r\n', 4)).toEqual([5]);
  });
});
