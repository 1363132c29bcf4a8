import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free.port.js';

/** The bytes that it answers a command with. Undefined: what a sound server would say. */
export type Script = (command: readonly string[]) => string | undefined;

const COMMAND = /^\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n)+)/;

/** Stands in for a Redis, and says what the test tells it to, which a real one cannot be told. Reads commands of plain text. */
export class ScriptedServer {
  private readonly sockets = new Set<Socket>();
  private readonly subscribers = new Set<Socket>();
  private readonly server: Server;
  private accepted = 0;

  private constructor(
    readonly port: number,
    /** May be replaced at any time. */
    public script: Script,
  ) {
    this.server = createServer({ noDelay: true }, (socket) => this.admit(socket));
  }

  static async start(script: Script = () => undefined): Promise<ScriptedServer> {
    const server = new ScriptedServer(await freePort(), script);
    server.server.listen(server.port, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Connections that it has accepted. */
  get acceptedCount(): number {
    return this.accepted;
  }

  /** Connections that have subscribed to something, and live. */
  get subscriberCount(): number {
    return this.subscribers.size;
  }

  /** Sends these bytes to all that are subscribed. */
  push(bytes: string): void {
    for (const socket of this.subscribers) socket.write(bytes);
  }

  /** Idempotent. */
  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private admit(socket: Socket): void {
    this.accepted += 1;
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.subscribers.delete(socket);
    });
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      for (let match = COMMAND.exec(text); match !== null; match = COMMAND.exec(text)) {
        text = text.slice(match[0].length);
        const command = match[2]!.split('\r\n').filter((_line, index) => index % 2 === 1);
        if (/^[ps]?subscribe$/i.test(command[0]!)) this.subscribers.add(socket);
        socket.write(this.script(command) ?? soundAnswer(command));
      }
    });
  }
}

export function arrayOf(...items: readonly string[]): string {
  return `*${items.length}\r\n${items.join('')}`;
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function soundAnswer([name = '', ...args]: readonly string[]): string {
  const kind = name.toLowerCase();
  if (/^[ps]?subscribe$/.test(kind))
    return args.map((arg, index) => arrayOf(bulk(kind), bulk(arg), `:${index + 1}\r\n`)).join('');
  if (/^[ps]?unsubscribe$/.test(kind))
    return args.map((arg) => arrayOf(bulk(kind), bulk(arg), ':1\r\n')).join('');
  if (kind === 'info') return bulk('role:master\r\nloading:0\r\n');
  if (kind === 'ping') return '+PONG\r\n';
  return /^s?publish$/.test(kind) ? ':0\r\n' : '+OK\r\n';
}
