import { CertificateAuthority } from '../support/certificates.js';
import { TlsRedis } from '../support/tls.redis.js';
import type { WrongTls } from '../support/wrong.tls.js';
import { wrongTls } from '../support/wrong.tls.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { after } from './support/figures.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const CONNECT_TIMEOUT_MS = 400;
const START_TIMEOUT_MS = 800;
const MISTAKES = [
  'another CA',
  'no TLS to a TLS port',
  'TLS to a plain port',
  'no client certificate',
  'a name that is not in the certificate',
];

const authority = new CertificateAuthority();
const stage = new FaultStage();

const rowOf = ({
  mistake,
  url,
  cause,
  remedy,
}: WrongTls): FaultRow<{ message?: string; tookMs: number }> => ({
  stage,
  id: 'F14',
  fault: `wrong TLS set-up: ${mistake}`,
  promise: 'fails the boot within its deadline, and says why and what to write',
  async run(contender) {
    const redis = await TlsRedis.start({ authority, asksClients: true });
    stage.closeLater(() => redis.stop());
    const startedAtMs = performance.now();
    const starting = stage.start(contender, {
      url: url(redis),
      handlers: [{ name: 'handle', targets: ['orders'], handle: () => undefined }],
    });
    const started = await inTime(starting.catch((error: Error) => error));
    const tookMs = performance.now() - startedAtMs;
    return started instanceof Error ? { message: started.message, tookMs } : { tookMs };
  },
  check({ message }) {
    expect(message).toMatch(cause);
    expect(message).toContain(remedy);
  },
  figure: ({ message, tookMs }) =>
    message === undefined
      ? 'hangs'
      : `“${/\((.*)\)\. |: (.*)\.$/.exec(message)?.slice(1).join('')}”, ${after(tookMs)}`,
});

describe.each(wrongTls(authority).filter(({ mistake }) => MISTAKES.includes(mistake)))(
  'F14: TLS is set up with $mistake',
  (wrong) => {
    const options = { connectTimeout: CONNECT_TIMEOUT_MS, ...(wrong.tls && { tls: wrong.tls }) };

    it('fails the boot with a clear reason', () =>
      expectToHold(
        rowOf(wrong),
        theBus({ startup: { timeoutMs: START_TIMEOUT_MS } }, options as Record<string, unknown>),
      ));

    it('is nothing that plain ioredis tells of (control)', () =>
      expectToBite(rowOf(wrong), plainIoredis(options)));
  },
);
