import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { freePort } from './free.port.js';

/** The way bytes go through the proxy: to the server behind it, or to the client in front of it. */
export type ProxyDirection = 'toServer' | 'toClient';

type Flow = 'pass' | 'swallow' | 'hold';

export interface TcpProxyOptions {
  /** Where connections lead to, on loopback. */
  readonly targetPort: number;
  /** @default a free one */
  readonly port?: number;
}

const BOTH: readonly ProxyDirection[] = ['toServer', 'toClient'];

/** A TCP proxy on loopback that can behave as a bad network does. What is set holds for all connections, new ones too. */
export class TcpProxy {
  private readonly flow: Record<ProxyDirection, Flow> = { toServer: 'pass', toClient: 'pass' };
  private readonly swallowed: Record<ProxyDirection, number> = { toServer: 0, toClient: 0 };
  private readonly links = new Set<Link>();
  private readonly server: Server;

  private constructor(
    readonly port: number,
    private readonly targetPort: number,
  ) {
    this.server = createServer({ noDelay: true }, (client) => this.admit(client));
  }

  /** Resolves when connections are accepted. */
  static async start({ targetPort, port }: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(port ?? (await freePort()), targetPort);
    await proxy.accept();
    return proxy;
  }

  /** The clients connected now. */
  get connectionCount(): number {
    return this.links.size;
  }

  /**
   * Swallows bytes, ends of streams included: the link is half open, neither side can tell. They are gone for good; a
   * stream is usable after `resume()` only where nothing was sent meanwhile.
   */
  pause(...directions: ProxyDirection[]): void {
    this.set('swallow', directions);
  }

  /** As `pause()`, for the connections that there are now: they stay half open for good, new ones are as usual. */
  strand(): void {
    for (const link of this.links) link.isStranded = true;
  }

  /** Keeps bytes back until `resume()`, which then delivers them in order: a slow link, or a late reply. */
  hold(...directions: ProxyDirection[]): void {
    this.set('hold', directions);
  }

  /** Lets bytes through again, those on hold first. */
  resume(...directions: ProxyDirection[]): void {
    this.set('pass', directions);
  }

  /** Bytes swallowed in a direction since the start: what a test awaits to know that a request has met its fate. */
  swallowedBytes(direction: ProxyDirection): number {
    return this.swallowed[direction];
  }

  /** Bytes on hold in a direction now: what a test awaits to know that a reply is on its way. */
  heldBytes(direction: ProxyDirection): number {
    return [...this.links].reduce((sum, link) => sum + link.heldBytes(direction), 0);
  }

  /** Destroys all connections, both sides, with what is on hold. New ones are still accepted. */
  cut(): void {
    for (const link of this.links) link.destroy();
  }

  /** Refuses new connections from when it resolves (ECONNREFUSED). Established ones live on: see `cut()`. */
  async refuse(): Promise<void> {
    // The server's `close` event would wait for the established connections; the port is free at once.
    if (this.server.listening) this.server.close();
    await turn();
  }

  /** Accepts new connections from when it resolves. */
  async accept(): Promise<void> {
    if (this.server.listening) return;
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Refuses and cuts. Idempotent. */
  async stop(): Promise<void> {
    await this.refuse();
    this.cut();
  }

  private set(flow: Flow, directions: readonly ProxyDirection[]): void {
    for (const direction of directions.length === 0 ? BOTH : directions) {
      this.flow[direction] = flow;
      if (flow === 'pass') for (const link of this.links) link.release(direction);
    }
  }

  private admit(client: Socket): void {
    const upstream = connect({ port: this.targetPort, host: '127.0.0.1', noDelay: true });
    const link = new Link(client, upstream, {
      flow: (direction) => this.flow[direction],
      onSwallowed: (direction, byteCount) => (this.swallowed[direction] += byteCount),
      onDestroyed: () => this.links.delete(link),
    });
    this.links.add(link);
  }
}

interface LinkOwner {
  flow(direction: ProxyDirection): Flow;
  onSwallowed(direction: ProxyDirection, byteCount: number): void;
  onDestroyed(): void;
}

/** One client and its connection to the server. */
class Link {
  isStranded = false;
  private readonly held: Record<ProxyDirection, Buffer[]> = { toServer: [], toClient: [] };
  /** An end of stream that came while its direction did not pass. */
  private readonly ended: Record<ProxyDirection, boolean> = { toServer: false, toClient: false };
  private readonly receivers: Record<ProxyDirection, Socket>;

  constructor(
    client: Socket,
    upstream: Socket,
    private readonly owner: LinkOwner,
  ) {
    this.receivers = { toServer: upstream, toClient: client };
    this.watch(client, 'toServer');
    this.watch(upstream, 'toClient');
  }

  heldBytes(direction: ProxyDirection): number {
    return this.held[direction].reduce((sum, bytes) => sum + bytes.length, 0);
  }

  release(direction: ProxyDirection): void {
    for (const bytes of this.held[direction].splice(0)) this.receivers[direction].write(bytes);
    if (this.ended[direction]) this.destroy();
  }

  destroy(): void {
    this.receivers.toServer.destroy();
    this.receivers.toClient.destroy();
    this.owner.onDestroyed();
  }

  private watch(sender: Socket, direction: ProxyDirection): void {
    sender.on('data', (bytes) => {
      const flow = this.flowOf(direction);
      if (flow === 'pass') this.forward(bytes, sender, this.receivers[direction]);
      else if (flow === 'hold') this.held[direction].push(bytes);
      else this.owner.onSwallowed(direction, bytes.length);
    });
    // A reset counts as an end: `close` follows `error`.
    sender.on('error', () => undefined);
    sender.on('close', () => {
      if (this.flowOf(direction) === 'pass') this.destroySoon(direction);
      else this.ended[direction] = true;
    });
  }

  private flowOf(direction: ProxyDirection): Flow {
    return this.isStranded ? 'swallow' : this.owner.flow(direction);
  }

  /** Reads no faster than the receiver does, so that a slow client still fills the server's output buffer. */
  private forward(bytes: Buffer, sender: Socket, receiver: Socket): void {
    if (receiver.write(bytes)) return;
    sender.pause();
    receiver.once('drain', () => sender.resume());
  }

  /** Lets the bytes that were sent before the end arrive first. */
  private destroySoon(direction: ProxyDirection): void {
    this.receivers[direction].end(() => this.destroy());
  }
}
