const TRUST =
  'Give the certificate of the CA that signed the one of the server, its text and not its path, as tls: { ca }';
const CLIENT_CERTIFICATE =
  'The server asks for a client certificate: give tls: { cert, key }, signed by a CA that the server trusts (tls-ca-cert-file)';
const ANOTHER_CLIENT_CERTIFICATE =
  'The server does not accept our client certificate: give tls: { cert, key } that are in date and signed by a CA that the server trusts (tls-ca-cert-file)';
const DATES = 'Renew the certificate of the server, or correct the clock of this host';
export const PLAIN_ADVICE =
  'If the port does not speak TLS, write redis:// instead of rediss:// and leave out tls';
const PASSPHRASE = 'Check tls: { key, passphrase }';

/** By the code of the error: Node's own for what we do not trust, OpenSSL's for what the server or the keys refuse. */
const ADVICE: ReadonlyMap<unknown, string> = new Map([
  ['SELF_SIGNED_CERT_IN_CHAIN', TRUST],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', TRUST],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', TRUST],
  ['UNABLE_TO_GET_ISSUER_CERT', TRUST],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', TRUST],
  ['CERT_SIGNATURE_FAILURE', TRUST],
  ['CERT_HAS_EXPIRED', DATES],
  ['CERT_NOT_YET_VALID', DATES],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'Connect to a name that the certificate has, or say which one it has with tls: { servername }',
  ],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', CLIENT_CERTIFICATE],
  // TLS 1.2 has no alert of its own for it.
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', CLIENT_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', ANOTHER_CLIENT_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', ANOTHER_CLIENT_CERTIFICATE],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', ANOTHER_CLIENT_CERTIFICATE],
  ['ERR_SSL_WRONG_VERSION_NUMBER', PLAIN_ADVICE],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', PLAIN_ADVICE],
  ['ERR_OSSL_BAD_DECRYPT', PASSPHRASE],
  ['ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED', PASSPHRASE],
  ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'tls.key is not the key of tls.cert'],
]);

/** What to do about an error of TLS that does not pass by itself. Undefined for everything else. */
export function tlsAdvice(error: unknown): string | undefined {
  return ADVICE.get((error as { code?: unknown } | null | undefined)?.code);
}

/** OpenSSL's messages are long and hold addresses of its memory; its reason is what they say. */
export function tlsReason(error: Error): string {
  const { reason } = error as { reason?: unknown };
  return 'library' in error && typeof reason === 'string' ? reason : error.message;
}
