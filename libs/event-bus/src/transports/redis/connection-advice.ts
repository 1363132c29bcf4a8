import { TransportRefusedError, reasonOf } from '../../errors.js';
import { CLOSED_BY_SERVER, explainRefusal, isMute, isRefusal, isReplyError } from './redis.errors.js';
import { PLAIN_ADVICE, tlsAdvice, tlsReason } from './tls-advice.js';

/** The options of ioredis that define how to connect. */
export interface ConnectionSettings {
  readonly tls?: { readonly cert?: unknown } | undefined;
  readonly connectTimeout?: number | undefined;
  readonly enableReadyCheck?: boolean | undefined;
}

/**
 * Why there is no connection, and what to do about it.
 *
 * @param wasReady these settings worked before, so a connection that closes without an error says nothing about them
 */
export function explainConnectionError(
  error: Error,
  settings: ConnectionSettings,
  wasReady: boolean,
): string {
  if (isReplyError(error)) return explainRefusal(error);
  const advice = tlsAdvice(error);
  if (advice !== undefined) return `${reasonOf(tlsReason(error))}. ${advice}`;
  if (isConnectTimeout(error)) return explainTimeout(settings);
  if (wasReady || !saysNothing(error)) return reasonOf(error);
  const reason = isMute(error) ? `${CLOSED_BY_SERVER} without an answer` : reasonOf(error);
  return `${reason}. ${adviceOnSilence(settings)}`;
}

/**
 * The error to reject with if another attempt would fail too. Undefined otherwise.
 *
 * @param server e.g. `Redis at 127.0.0.1:6379`
 */
export function refusalBy(
  server: string,
  error: Error,
  explain: () => string,
): TransportRefusedError | undefined {
  if (/cluster support disabled/i.test(error.message)) {
    const message = `${server} is a single server: ${error.message}. Use redis() instead of redisCluster().`;
    return new TransportRefusedError(message, { cause: error });
  }
  if (!isRefusal(error)) return undefined;
  const what = isReplyError(error) ? 'rejected the connection' : 'cannot be reached over TLS';
  return new TransportRefusedError(`${server} ${what}: ${explain()}.`, { cause: error });
}

/** The timeout of ioredis for everything before the first command, including the TLS handshake. */
function isConnectTimeout(error: Error): boolean {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return code === 'ETIMEDOUT' && syscall === 'connect' && error.message === 'connect ETIMEDOUT';
}

function explainTimeout({ tls, connectTimeout }: ConnectionSettings): string {
  const within = `within the connectTimeout of ${connectTimeout} ms`;
  return tls === undefined ? `no connection ${within}` : `no TLS handshake ${within}. ${PLAIN_ADVICE}`;
}

/** Closed without an error, or open without an answer. */
function saysNothing(error: Error): boolean {
  return isMute(error) || error.message.startsWith('no answer to the handshake');
}

function adviceOnSilence({ tls, enableReadyCheck }: ConnectionSettings): string {
  const advice = adviceOnTls(tls);
  return enableReadyCheck === false
    ? advice
    : `${advice}. If it closes at INFO, as some proxies do, set enableReadyCheck: false`;
}

function adviceOnTls(tls: ConnectionSettings['tls']): string {
  if (tls === undefined) return 'If the port speaks TLS, write rediss:// instead of redis://';
  return tls.cert === undefined
    ? 'If it requires a client certificate, set tls: { cert, key }'
    : 'It may reject the client certificate of tls: { cert, key }';
}
