import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateFiles } from './certificate.files.js';
import type { CertificateAuthority } from './certificates.js';
import { freePort } from './free.port.js';
import { RedisServer } from './redis.server.js';

export interface TlsRedisOptions {
  /** Signs the server's certificate, and the clients' that the server accepts. */
  readonly authority: CertificateAuthority;
  /** Whether the server asks clients for a certificate. */
  readonly asksClients: boolean;
}

/** A real redis-server with a TLS port beside its plain one. Its certificate is good for 127.0.0.1 alone. */
export class TlsRedis {
  private constructor(
    readonly server: RedisServer,
    readonly tlsPort: number,
    private readonly directory: string,
  ) {}

  static async start({ authority, asksClients }: TlsRedisOptions): Promise<TlsRedis> {
    const directory = await mkdtemp(join(tmpdir(), 'tls-redis-'));
    const tlsPort = await freePort();
    const settings = {
      'tls-port': String(tlsPort),
      ...(await certificateFiles(authority, directory)),
      'tls-auth-clients': asksClients ? 'yes' : 'no',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    return new TlsRedis(await RedisServer.start({ args }), tlsPort, directory);
  }

  /** New connections are shown, and asked for, a certificate of this authority. */
  async trust(authority: CertificateAuthority): Promise<void> {
    const files = await certificateFiles(authority, this.directory);
    await this.server.cli('CONFIG', 'SET', ...Object.entries(files).flat());
  }

  /** Of the TLS port. */
  get url(): string {
    return `rediss://127.0.0.1:${this.tlsPort}`;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
