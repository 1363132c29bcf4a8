import { inCommandLineWords } from './command.words.js';
import { tlsAdvice } from '../transports/redis/tls-advice.js';
import { explainRefusal } from '../transports/redis/redis.errors.js';

describe('the words of the command line', () => {
  it.each([
    'SELF_SIGNED_CERT_IN_CHAIN',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_OSSL_BAD_DECRYPT',
    'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
  ])('name options instead of code in the advice on %s', (code) => {
    const advice = inCommandLineWords(String(tlsAdvice({ code })));
    expect(advice).toMatch(/--(ca|cert|key|servername|tls)\b/);
    expect(advice).not.toMatch(/tls: ?\{|tls\./);
  });

  it.each(['WRONGPASS invalid', 'NOAUTH Authentication required.'])('name variables for %s', (message) => {
    expect(inCommandLineWords(explainRefusal(new Error(message)))).toMatch(/REDIS_PASSWORD/);
  });
});
