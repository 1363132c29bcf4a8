import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free.port.js';

/** What the client is answered instead, as RESP. Undefined leaves the command to the server. */
export type Answer = (command: readonly string[]) => string | undefined;

export interface AnsweringProxyOptions {
  /** Of a server on loopback. */
  readonly targetPort: number;
  readonly answer: Answer;
}

/** Stands in for a server of another kind or version: a real one, but for what the test answers itself, each in its place. */
export class AnsweringProxy {
  /** Set anew by tests: holds for commands that come from then on. */
  answer: Answer;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(
    readonly port: number,
    { targetPort, answer }: AnsweringProxyOptions,
  ) {
    this.answer = answer;
    this.server = createServer({ noDelay: true }, (client) => this.admit(client, targetPort));
  }

  /** Resolves when connections are accepted. */
  static async start(options: AnsweringProxyOptions): Promise<AnsweringProxy> {
    const proxy = new AnsweringProxy(await freePort(), options);
    proxy.server.listen(proxy.port, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Idempotent. */
  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private admit(client: Socket, targetPort: number): void {
    const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.setEncoding('latin1').on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    // The server answers a PING in place of each command that is answered here, and so tells the place of that answer.
    const answers: { readonly place: RegExp; readonly text: string }[] = [];
    let commands = '';
    client.on('data', (text: string) => {
      commands += text;
      for (let command = firstIn(commands); command !== undefined; command = firstIn(commands)) {
        commands = commands.slice(command.text.length);
        const answer = this.answer(command.words);
        const marker = randomUUID();
        if (answer !== undefined) answers.push({ place: placeOf(marker), text: answer });
        const sent = answer === undefined ? command.text : `*2\r\n$4\r\nPING\r\n$36\r\n${marker}\r\n`;
        upstream.write(sent, 'latin1');
      }
    });
    let replies = '';
    upstream.on('data', (text: string) => {
      replies += text;
      while (answers[0]?.place.test(replies) === true) {
        const { place, text: answer } = answers.shift()!;
        replies = replies.replace(place, () => answer);
      }
      if (answers.length > 0) return;
      client.write(replies, 'latin1');
      replies = '';
    });
  }
}

/** The first command of the text, if it is whole. */
function firstIn(text: string): { readonly words: string[]; readonly text: string } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  const words: string[] = [];
  let at = head[0].length;
  while (words.length < Number(head[1])) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (size === null) return undefined;
    const start = at + size[0].length;
    const end = start + Number(size[1]);
    if (text.length < end + 2) return undefined;
    words.push(text.slice(start, end));
    at = end + 2;
  }
  return { words, text: text.slice(0, at) };
}

/** A subscribed connection is answered with a list. */
function placeOf(marker: string): RegExp {
  return new RegExp(`(\\*2\\r\\n\\$4\\r\\npong\\r\\n)?\\$36\\r\\n${marker}\\r\\n`);
}
