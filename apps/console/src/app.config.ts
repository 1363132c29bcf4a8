import { type RedisPlace, redisPlaceSchema } from '@libs/shop-events';
import { z } from 'zod';

const portRule = 'must be a whole number from 0 to 65535 (0 takes any free port)';

const environmentSchema = z.object({
  PORT: z.coerce.number(portRule).int(portRule).min(0, portRule).max(65_535, portRule).default(3002),
  /** By default every interface. */
  HOST: z.string().optional(),
  /** A server, a Cluster or Sentinels. Without it, only events of this process are seen. */
  REDIS_URL: redisPlaceSchema.optional(),
  /** Opens the console from everywhere, for the user `console`. Without it, only this machine gets in. */
  CONSOLE_PASSWORD: z.string().min(8, 'must have at least 8 characters').optional(),
});

export interface AppConfig {
  readonly port: number;
  readonly host: string | undefined;
  readonly redis: RedisPlace | undefined;
  readonly password: string | undefined;
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
  return { port: data.PORT, host: data.HOST, redis: data.REDIS_URL, password: data.CONSOLE_PASSWORD };
}
