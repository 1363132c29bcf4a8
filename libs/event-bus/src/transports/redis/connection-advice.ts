import { TransportRefusedError, reasonOf } from '../../errors.js';
import { CLOSED_BY_SERVER, explainRefusal, isMute, isRefusal, isReplyError } from './redis.errors.js';
import { PLAIN_ADVICE, tlsAdvice, tlsReason } from './tls-advice.js';

/** Of ioredis' options, those that say how a connection is made. */
export interface ConnectionSettings {
  readonly tls?: { readonly cert?: unknown } | undefined;
  readonly connectTimeout?: number | undefined;
  readonly enableReadyCheck?: boolean | undefined;
}

/**
 * Why there is no connection, and what to do about it.
 *
 * @param wasReady there was one with these settings, so that an end without a word says nothing about them
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
 * What to reject with when trying again cannot help. Undefined when it can.
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
  const what = isReplyError(error) ? 'refuses us' : 'cannot be reached by TLS';
  return new TransportRefusedError(`${server} ${what}: ${explain()}.`, { cause: error });
}

/** Of ioredis, for all that has to happen before the first command: with TLS, the handshake too. */
function isConnectTimeout(error: Error): boolean {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return code === 'ETIMEDOUT' && syscall === 'connect' && error.message === 'connect ETIMEDOUT';
}

function explainTimeout({ tls, connectTimeout }: ConnectionSettings): string {
  const within = `within the connectTimeout of ${connectTimeout} ms`;
  return tls === undefined ? `no connection ${within}` : `no TLS handshake ${within}. ${PLAIN_ADVICE}`;
}

/** Closed without a word, or open without one. */
function saysNothing(error: Error): boolean {
  return isMute(error) || error.message.startsWith('no answer to the handshake');
}

function adviceOnSilence({ tls, enableReadyCheck }: ConnectionSettings): string {
  const advice = adviceOnTls(tls);
  return enableReadyCheck === false
    ? advice
    : `${advice}. If it closes at INFO, as some proxies do, give enableReadyCheck: false`;
}

function adviceOnTls(tls: ConnectionSettings['tls']): string {
  if (tls === undefined) return 'If the port speaks TLS, write rediss:// instead of redis://';
  return tls.cert === undefined
    ? 'If it asks for a client certificate, give tls: { cert, key }'
    : 'It may not accept the client certificate of tls: { cert, key }';
}
