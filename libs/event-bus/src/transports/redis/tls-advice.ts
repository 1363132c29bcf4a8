const TRUST =
  "Set tls: { ca } to the certificate of the CA that signed the server's certificate: its text, not its path";
const CLIENT_CERTIFICATE =
  'The server requires a client certificate: set tls: { cert, key }, signed by a CA that the server trusts (tls-ca-cert-file)';
const ANOTHER_CLIENT_CERTIFICATE =
  'The server rejects the client certificate: set tls: { cert, key } to a valid certificate signed by a CA that the server trusts (tls-ca-cert-file)';
const DATES = "Renew the server's certificate, or correct the clock of this host";
export const PLAIN_ADVICE =
  'If the port does not speak TLS, write redis:// instead of rediss:// and remove tls';
const PASSPHRASE = 'Check tls: { key, passphrase }';

/** By error code: Node's own for untrusted servers, OpenSSL's for rejections by the server or invalid keys. */
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
    'Connect to a host name in the certificate, or set tls: { servername } to one of them',
  ],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', CLIENT_CERTIFICATE],
  // TLS 1.2 has no alert of its own for this.
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', CLIENT_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', ANOTHER_CLIENT_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', ANOTHER_CLIENT_CERTIFICATE],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', ANOTHER_CLIENT_CERTIFICATE],
  ['ERR_SSL_WRONG_VERSION_NUMBER', PLAIN_ADVICE],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', PLAIN_ADVICE],
  ['ERR_OSSL_BAD_DECRYPT', PASSPHRASE],
  ['ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED', PASSPHRASE],
  ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'tls.key does not match tls.cert'],
]);

/** What to do about a permanent TLS error. Undefined for everything else. */
export function tlsAdvice(error: unknown): string | undefined {
  return ADVICE.get((error as { code?: unknown } | null | undefined)?.code);
}

/** OpenSSL's messages are long and contain memory addresses; only the reason is useful. */
export function tlsReason(error: Error): string {
  const { reason } = error as { reason?: unknown };
  return 'library' in error && typeof reason === 'string' ? reason : error.message;
}
