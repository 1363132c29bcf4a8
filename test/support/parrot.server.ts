import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free.port.js';

/** What it says to a command, without the `-` of an error. Undefined: what a sound server would say. */
export type Parrot = (command: readonly string[]) => string | undefined;

const COMMAND = /^\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n)+)/;

/** Refuses commands as proxies and servers do that repeat in words of their own what they were sent. */
export class ParrotServer {
  /** Everything that it has said. */
  readonly said: string[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(
    readonly port: number,
    private readonly parrot: Parrot,
  ) {
    this.server = createServer((socket) => this.admit(socket));
  }

  static async start(parrot: Parrot): Promise<ParrotServer> {
    const server = new ParrotServer(await freePort(), parrot);
    server.server.listen(server.port, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  /** Idempotent. */
  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private admit(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (let match = COMMAND.exec(text); match !== null; match = COMMAND.exec(text)) {
        text = text.slice(match[0].length);
        socket.write(this.answer(match[2]!.split('\r\n').filter((_line, index) => index % 2 === 1)));
      }
    });
  }

  private answer(command: readonly string[]): string {
    const refusal = this.parrot(command);
    if (refusal === undefined) return soundAnswer(command);
    this.said.push(refusal);
    return `-${refusal}\r\n`;
  }
}

function soundAnswer([name = '', ...args]: readonly string[]): string {
  const kind = name.toLowerCase();
  if (/^[ps]?subscribe$/.test(kind))
    return args.map((arg, index) => arrayOf(bulk(kind), bulk(arg), `:${index + 1}\r\n`)).join('');
  if (/^[ps]?unsubscribe$/.test(kind))
    return args.map((arg) => arrayOf(bulk(kind), bulk(arg), ':1\r\n')).join('');
  if (kind === 'info') return bulk('role:master\r\nloading:0\r\n');
  return kind === 'publish' ? ':0\r\n' : '+OK\r\n';
}

function arrayOf(...items: readonly string[]): string {
  return `*${items.length}\r\n${items.join('')}`;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
