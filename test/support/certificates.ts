import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** What proves who one side of a TLS connection is, both parts in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** The common name of its subject. */
  readonly name: string;
  /**
   * The host names and IPv4 addresses that it is good for; a client's needs none.
   * @default []
   */
  readonly hosts?: readonly string[];
  /** Encrypts the key. */
  readonly passphrase?: string;
  /** @default in a day */
  readonly validUntil?: Date;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';

/** Issues certificates in memory. Node can sign but not write them, and not every machine has openssl: RFC 5280, section 4. */
export class CertificateAuthority {
  /** Its own certificate in PEM, as `tls: { ca }` takes it. */
  readonly cert: string;
  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor(private readonly name = 'Test CA') {
    const isAuthority = extension(BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.from([0xff]))));
    this.cert = this.write({ name }, this.keys.publicKey, [isAuthority]);
  }

  issue(request: CertificateRequest): Certificate {
    const { hosts = [], passphrase } = request;
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = extension(SUBJECT_ALTERNATIVE_NAME, sequence(...hosts.map(hostName)));
    const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
    return {
      cert: this.write(request, publicKey, hosts.length > 0 ? [names] : []),
      key: privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString(),
    };
  }

  private write(
    { name, validUntil = new Date(Date.now() + DAY_MS) }: CertificateRequest,
    publicKey: KeyObject,
    extensions: readonly Buffer[],
  ): string {
    const algorithm = sequence(objectIdentifier(ECDSA_WITH_SHA256));
    const validFrom = new Date(validUntil.getTime() - 2 * DAY_MS);
    const contents = sequence(
      der(0xa0, integer(Buffer.from([2]))), // version 3
      integer(Buffer.concat([Buffer.from([0x01]), randomBytes(8)])), // a serial number
      algorithm,
      distinguishedName(this.name),
      sequence(time(validFrom), time(validUntil)),
      distinguishedName(name),
      publicKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
    );
    const signature = sign('sha256', contents, this.keys.privateKey);
    const bytes = sequence(contents, algorithm, der(0x03, Buffer.from([0]), signature));
    const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  }
}

/** One value in ASN.1's distinguished encoding: a tag, the length, the contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function sequence(...items: readonly Buffer[]): Buffer {
  return der(0x30, ...items);
}

function integer(bigEndian: Buffer): Buffer {
  return der(0x02, bigEndian);
}

function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** Seven bits in a byte, the highest bit set in all but the last. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

function distinguishedName(commonName: string): Buffer {
  const attribute = sequence(objectIdentifier(COMMON_NAME), der(0x0c, Buffer.from(commonName)));
  return sequence(der(0x31, attribute));
}

/** UTCTime, which serves until 2049: `YYMMDDHHMMSSZ`. */
function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/\D/g, '')}Z`));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(id), der(0x04, value));
}

function hostName(host: string): Buffer {
  if (isIPv4(host)) return der(0x87, Buffer.from(host.split('.').map(Number)));
  return der(0x82, Buffer.from(host, 'latin1'));
}
