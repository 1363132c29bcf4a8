import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { freePort } from '../../support/free.port.js';

/**
 * A proxy that strikes at the worst moment: it cuts the connection on which a subscription is asked for, and refuses
 * every other (ECONNREFUSED) until it is opened again.
 */
export class Saboteur {
  private isArmed = false;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => this.admit(client));

  private constructor(
    readonly port: number,
    private readonly targetPort: number,
  ) {}

  static async start(targetPort: number): Promise<Saboteur> {
    const saboteur = new Saboteur(await freePort(), targetPort);
    await saboteur.open();
    return saboteur;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Strikes when a connection, one that exists or a new one, next asks for a subscription. */
  arm(): void {
    this.isArmed = true;
  }

  async open(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private admit(client: Socket): void {
    const upstream = connect({ port: this.targetPort, host: '127.0.0.1' });
    const cut = () => [client, upstream].forEach((socket) => socket.destroy());
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', cut).on('close', cut);
      socket.on('close', () => this.sockets.delete(socket));
    }
    upstream.pipe(client);
    client.on('data', (bytes) => {
      if (!this.isArmed || !/subscribe/i.test(bytes.toString())) return void upstream.write(bytes);
      this.isArmed = false;
      this.server.close();
      cut();
    });
  }
}
