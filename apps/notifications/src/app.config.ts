import { type RedisPlace, redisPlaceSchema } from '@libs/shop-events';
import { z } from 'zod';

const portRule = 'must be a whole number from 0 to 65535 (0 takes any free port)';
const delayRule = 'must be a whole number of milliseconds from 0 to 30000';

const environmentSchema = z.object({
  PORT: z.coerce.number(portRule).int(portRule).min(0, portRule).max(65_535, portRule).default(3001),
  /** By default every interface. */
  HOST: z.string().optional(),
  /** A server, a Cluster or Sentinels. Without it, events stay in this process, and notifications in its memory. */
  REDIS_URL: redisPlaceSchema.optional(),
  /** The delay of the simulated mail gateway. */
  NOTIFY_DELAY_MS: z.coerce
    .number(delayRule)
    .int(delayRule)
    .min(0, delayRule)
    .max(30_000, delayRule)
    .default(0),
});

export interface AppConfig {
  readonly port: number;
  readonly host: string | undefined;
  readonly redis: RedisPlace | undefined;
  readonly notifyDelayMs: number;
}

/** The environment is invalid; the message names every invalid variable. */
export class AppConfigError extends Error {}

/** An empty variable counts as not set. @throws AppConfigError */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): AppConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const { data, error } = environmentSchema.safeParse(set);
  if (error) {
    throw new AppConfigError(
      error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '),
    );
  }
  return { port: data.PORT, host: data.HOST, redis: data.REDIS_URL, notifyDelayMs: data.NOTIFY_DELAY_MS };
}
