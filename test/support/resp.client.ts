import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

const ANSWER_WITHIN_MS = 10_000;

export type RespCommand = readonly (string | number | Buffer)[];

export type RespReply = string | number | null | readonly RespReply[];

/** An error reply of the server, `NOPERM …` for example. */
export class RespError extends Error {
  override readonly name = 'RespError';
}

/**
 * Runs commands on a connection of its own, in RESP2, and resolves with their replies. Uses no Redis client, so
 * that what a test sees is not what the client under test believes.
 *
 * @param ca of the server's certificate, where the port speaks TLS
 * @throws {RespError} when a command was refused.
 */
export async function runCommands(
  port: number,
  commands: readonly RespCommand[],
  ca?: string,
): Promise<RespReply[]> {
  const address = { port, host: '127.0.0.1' };
  const socket = ca === undefined ? connectPlain(address) : connectTls({ ...address, ca });
  socket.setNoDelay();
  socket.setTimeout(ANSWER_WITHIN_MS, () => {
    socket.destroy(new Error(`The server on port ${port} did not answer within ${ANSWER_WITHIN_MS} ms.`));
  });
  try {
    await once(socket, ca === undefined ? 'connect' : 'secureConnect');
    socket.write(Buffer.concat(commands.map(encodeCommand)));
    let received: Buffer = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      const replies = readReplies(received, commands.length);
      if (replies) return replies;
    }
    throw new Error(`The server on port ${port} closed the connection before it had answered.`);
  } finally {
    socket.destroy();
  }
}

function encodeCommand(command: RespCommand): Buffer {
  const parts = command.flatMap((argument) => {
    const bytes = Buffer.isBuffer(argument) ? argument : Buffer.from(String(argument));
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${command.length}\r\n`), ...parts]);
}

function readReplies(bytes: Buffer, count: number): RespReply[] | undefined {
  const replies: RespReply[] = [];
  let offset = 0;
  while (replies.length < count) {
    const read = readReply(bytes, offset);
    if (!read) return undefined;
    if (read.reply instanceof RespError) throw read.reply;
    replies.push(read.reply);
    offset = read.end;
  }
  return replies;
}

/** Undefined when the reply is not complete yet. */
function readReply(bytes: Buffer, start: number): { reply: RespReply | RespError; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd === -1) return undefined;
  const line = bytes.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[start]!)) {
    case '+':
      return { reply: line, end };
    case '-':
      return { reply: new RespError(line), end };
    case ':':
      return { reply: Number(line), end };
    case '$':
      return readBulk(bytes, Number(line), end);
    case '*':
      return readArray(bytes, Number(line), end);
    default:
      throw new Error(`Not a RESP2 reply: ${JSON.stringify(line)}`);
  }
}

function readBulk(bytes: Buffer, length: number, start: number) {
  if (length === -1) return { reply: null, end: start };
  if (bytes.length < start + length + 2) return undefined;
  return { reply: bytes.toString('utf8', start, start + length), end: start + length + 2 };
}

function readArray(bytes: Buffer, length: number, start: number) {
  if (length === -1) return { reply: null, end: start };
  const items: RespReply[] = [];
  let end = start;
  while (items.length < length) {
    const item = readReply(bytes, end);
    if (!item) return undefined;
    items.push(item.reply instanceof RespError ? item.reply.message : item.reply);
    end = item.end;
  }
  return { reply: items, end };
}
