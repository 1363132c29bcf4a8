import type { ConnectionOptions } from 'node:tls';
import { CertificateAuthority } from './certificates.js';
import type { TlsRedis } from './tls.redis.js';

/** One mistake in how a client is set up for a server that asks for a client certificate. */
export interface WrongTls {
  readonly mistake: string;
  readonly url: (redis: TlsRedis) => string;
  readonly tls?: ConnectionOptions;
  /** What went wrong. */
  readonly cause: RegExp;
  /** What to write instead. */
  readonly remedy: string;
}

/** @param authority of the server */
export function wrongTls(authority: CertificateAuthority): readonly WrongTls[] {
  const ca = authority.cert;
  const ours = authority.issue({ name: 'orders' });
  const stranger = new CertificateAuthority('Another CA');
  const url = (redis: TlsRedis) => redis.url;
  return [
    { mistake: 'no CA', url, tls: ours, cause: /self-signed certificate/, remedy: 'tls: { ca }' },
    {
      mistake: 'another CA',
      url,
      tls: { ...ours, ca: stranger.cert },
      cause: /self-signed certificate/,
      remedy: 'tls: { ca }',
    },
    {
      mistake: 'no TLS to a TLS port',
      url: ({ tlsPort }) => `redis://127.0.0.1:${tlsPort}`,
      cause: /the server closed the connection without an answer/,
      remedy: 'write rediss://',
    },
    {
      mistake: 'TLS to a plain port',
      url: ({ server }) => server.url.replace('redis:', 'rediss:'),
      tls: { ...ours, ca },
      cause: /no TLS handshake within the connectTimeout of \d+ ms/,
      remedy: 'write redis://',
    },
    {
      mistake: 'no client certificate',
      url,
      tls: { ca },
      cause: /certificate required/,
      remedy: 'tls: { cert, key }',
    },
    {
      mistake: 'no client certificate, by TLS 1.2',
      url,
      tls: { ca, maxVersion: 'TLSv1.2' },
      cause: /handshake failure/,
      remedy: 'tls: { cert, key }',
    },
    {
      mistake: 'an expired client certificate',
      url,
      tls: { ...authority.issue({ name: 'orders', validUntil: new Date(Date.now() - 1_000) }), ca },
      cause: /certificate expired/,
      remedy: 'tls: { cert, key }',
    },
    {
      mistake: "a stranger's client certificate",
      url,
      tls: { ...stranger.issue({ name: 'orders' }), ca },
      cause: /unknown ca/,
      remedy: 'tls: { cert, key }',
    },
    {
      mistake: 'a name that is not in the certificate',
      url: ({ tlsPort }) => `rediss://localhost:${tlsPort}`,
      tls: { ...ours, ca },
      cause: /does not match certificate's altnames/,
      remedy: 'tls: { servername }',
    },
    {
      mistake: 'a wrong passphrase',
      url,
      tls: { ...authority.issue({ name: 'orders', passphrase: 'right' }), passphrase: 'wrong', ca },
      cause: /bad decrypt/,
      remedy: 'tls: { key, passphrase }',
    },
    {
      mistake: 'the key of another certificate',
      url,
      tls: { cert: ours.cert, key: authority.issue({ name: 'orders' }).key, ca },
      cause: /key values mismatch/,
      remedy: 'tls.key',
    },
  ];
}
