import { explainConnectionError } from './connection-advice.js';

const coded = (code: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { code, ...more });

const TLS = { tls: {}, connectTimeout: 500 };
const MUTUAL = { tls: { cert: '…' }, connectTimeout: 500 };
const PLAIN = { connectTimeout: 500 };
const reset = coded('ECONNRESET', 'write ECONNRESET');

describe('explainConnectionError', () => {
  it('says what the server said, and what to do', () => {
    const error = Object.assign(new Error('NOAUTH Authentication required.'), { name: 'ReplyError' });
    expect(explainConnectionError(error, PLAIN, false)).toBe(
      'NOAUTH Authentication required. Add a user and a password to the Redis URL',
    );
  });

  it("says OpenSSL's reason, without its addresses", () => {
    const message = '804C42798A7F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert\n';
    const error = coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', message, {
      library: 'SSL routines',
      reason: 'tlsv13 alert certificate required',
    });
    const text = explainConnectionError(error, TLS, true);
    expect(text).toMatch(/^tlsv13 alert certificate required\. .*tls: \{ cert, key \}/);
  });

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls: { ca }'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls: { ca }'],
    ['CERT_HAS_EXPIRED', "Renew the server's certificate"],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls: { servername }'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'write redis:// instead of rediss://'],
    ['ERR_OSSL_BAD_DECRYPT', 'tls: { key, passphrase }'],
  ])('knows a remedy for %s', (code, remedy) => {
    expect(explainConnectionError(coded(code, 'what Node says'), TLS, false)).toMatch(/^what Node says\. /);
    expect(explainConnectionError(coded(code, 'what Node says'), TLS, false)).toContain(remedy);
  });

  it('says that a handshake may not be spoken there', () => {
    const timeout = coded('ETIMEDOUT', 'connect ETIMEDOUT', { syscall: 'connect' });
    expect(explainConnectionError(timeout, TLS, false)).toMatch(
      /^no TLS handshake within the connectTimeout of 500 ms\. .*write redis:\/\//,
    );
    expect(explainConnectionError(timeout, PLAIN, false)).toBe(
      'no connection within the connectTimeout of 500 ms',
    );
  });

  it("leaves the network's own timeout alone", () => {
    const timeout = coded('ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:6379', { syscall: 'connect' });
    expect(explainConnectionError(timeout, TLS, false)).toBe('connect ETIMEDOUT 10.0.0.1:6379');
  });

  it.each([
    ['TLS', PLAIN, 'write rediss:// instead of redis://'],
    ['a client certificate', TLS, 'If it requires a client certificate'],
    ['another client certificate', MUTUAL, 'It may reject the client certificate'],
  ])('guesses that a server that closes without a word wants %s', (_what, settings, advice) => {
    const text = explainConnectionError(reset, settings, false);
    expect(text).toContain('the server closed the connection without an answer. ');
    expect(text).toContain(advice);
  });

  it('guesses the same where nobody answers at all', () => {
    const silence = new Error('no answer to the handshake within 100 ms');
    expect(explainConnectionError(silence, PLAIN, false)).toMatch(/^no answer .* 100 ms\. .*rediss:\/\//);
  });

  it('says how to do without INFO, which some proxies answer by closing', () => {
    const advice = 'set enableReadyCheck: false';
    expect(explainConnectionError(reset, PLAIN, false)).toContain(advice);
    expect(explainConnectionError(reset, { ...PLAIN, enableReadyCheck: false }, false)).not.toContain(advice);
  });

  it.each([
    "ERR unknown command 'info'",
    "ERR unknown command 'INFO', with args beginning with: ",
    'ERR unknown command `info`, with args beginning with: ',
    "unsupported command 'info'",
  ])('says how to do without INFO: %s', (message) => {
    const error = Object.assign(new Error(message), { name: 'ReplyError' });
    expect(explainConnectionError(error, PLAIN, false)).toContain('set enableReadyCheck: false');
  });

  it('guesses nothing once there was a connection', () => {
    expect(explainConnectionError(reset, PLAIN, true)).toBe('write ECONNRESET');
  });

  it('says of every other error what it says itself', () => {
    const refused = coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379');
    expect(explainConnectionError(refused, TLS, false)).toBe('connect ECONNREFUSED 127.0.0.1:6379');
  });
});
