/** Of the redis-server that the tests start. Set in jest.config.mjs. */
declare const REDIS_MAJOR: number;

/** Redis 7.0 brought sharded pub/sub. */
export const HAS_SHARDS = REDIS_MAJOR >= 7;

/**
 * A test of what Redis 6.2 does not have: there it is skipped, and its title says why. A file that needs Redis 7 as a whole says so in
 * the comment at its beginning: `@needs-redis-7 what is missing`.
 */
export const itOnRedis7 =
  (reason: string) =>
  (title: string, body: () => Promise<void>): void =>
    HAS_SHARDS ? it(title, body) : it.skip(`${title} (not on Redis 6: ${reason})`, body);

export const itWithShards = itOnRedis7('no sharded pub/sub');
