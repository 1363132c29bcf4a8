import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free.port.js';

/** What a sentinel tells of the master, on loopback. */
export interface SentinelBelief {
  readonly masterPort: number;
  readonly epoch: number;
  /** Ports of the others that it knows. */
  readonly others?: readonly number[];
}

const COMMAND = /^\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n)+)/;

/** Answers as a sentinel, with what the test tells it to believe, which real ones cannot be told. */
export class FakeSentinel {
  private readonly sockets = new Set<Socket>();
  private readonly subscribers = new Set<Socket>();
  private readonly server: Server;

  private asked = 0;

  private constructor(
    readonly port: number,
    public belief: SentinelBelief,
  ) {
    this.server = createServer((socket) => this.admit(socket));
  }

  static async start(belief: SentinelBelief, port?: number): Promise<FakeSentinel> {
    const sentinel = new FakeSentinel(port ?? (await freePort()), belief);
    sentinel.server.listen(sentinel.port, '127.0.0.1');
    await once(sentinel.server, 'listening');
    return sentinel;
  }

  /** How often it was asked for the master. */
  get askedCount(): number {
    return this.asked;
  }

  get connectionCount(): number {
    return this.sockets.size;
  }

  /** Those that hear what it announces. */
  get subscriberCount(): number {
    return this.subscribers.size;
  }

  /** Tells all that are subscribed of the master that it believes in. */
  announce(): void {
    const text = `mymaster 127.0.0.1 1 127.0.0.1 ${this.belief.masterPort}`;
    for (const socket of this.subscribers) socket.write(arrayOf('message', '+switch-master', text));
  }

  /** Idempotent. */
  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private admit(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.subscribers.delete(socket);
    });
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (let match = COMMAND.exec(text); match !== null; match = COMMAND.exec(text)) {
        text = text.slice(match[0].length);
        const words = match[2]!.split('\r\n').filter((_line, index) => index % 2 === 1);
        socket.write(this.answer(socket, words.join(' ').toUpperCase()));
      }
    });
  }

  private answer(socket: Socket, command: string): string {
    const { masterPort, epoch, others = [] } = this.belief;
    if (command === 'SUBSCRIBE +SWITCH-MASTER') {
      this.subscribers.add(socket);
      return `*3\r\n$9\r\nsubscribe\r\n${bulk('+switch-master')}:1\r\n`;
    }
    if (command.startsWith('SENTINEL SENTINELS')) {
      const known = others.map((port) =>
        arrayOf('ip', '127.0.0.1', 'port', String(port), 'flags', 'sentinel'),
      );
      return `*${known.length}\r\n${known.join('')}`;
    }
    if (command.startsWith('SENTINEL MASTER')) this.asked += 1;
    return arrayOf('ip', '127.0.0.1', 'port', String(masterPort), 'config-epoch', String(epoch));
  }
}

function arrayOf(...items: readonly string[]): string {
  return `*${items.length}\r\n${items.map(bulk).join('')}`;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
