/** The classes that `A` includes: every class but key misses (`m`) and new keys (`n`), which Redis excludes. */
const ALL_CLASSES = 'g$lshzxetd';

/** The flag of the class of each event (redis.conf, "EVENT NOTIFICATION"). */
const CLASSES: Readonly<Record<string, string>> = {
  g: 'del rename_from rename_to move_from move_to copy_to restore expire persist',
  $: 'set setrange incrby incrbyfloat append',
  l: 'lpush rpush lpop rpop linsert lset lrem ltrim sortstore',
  s: 'sadd srem spop sinterstore sunionstore sdiffstore',
  h: 'hset hincrby hincrbyfloat hdel hexpire hexpired hpersist',
  z: 'zadd zincr zrem zremrangebyscore zremrangebyrank zremrangebylex zdiffstore zinterstore zunionstore zrangestore zpopmin zpopmax geosearchstore',
  x: 'expired',
  e: 'evicted',
  t: 'xadd xdel xtrim xsetid xgroup-create xgroup-createconsumer xgroup-delconsumer xgroup-destroy xgroup-setid',
  m: 'keymiss',
  n: 'new',
};

const FLAG_OF = new Map(
  Object.entries(CLASSES).flatMap(([flag, events]) =>
    events.split(' ').map((event) => [event, flag] as const),
  ),
);

/**
 * The flags of `notify-keyspace-events` that these events need. An unknown event, for example of a module, needs all classes.
 */
export function flagsFor(events: readonly string[]): string {
  const flags = new Set(['E']);
  for (const event of events) for (const flag of FLAG_OF.get(event) ?? 'A') flags.add(flag);
  return [...flags].join('');
}

/** The needed flags that are missing in the server's setting. */
export function missingFlags(current: string, needed: string): string {
  const expand = (flags: string) => flags.replace('A', ALL_CLASSES).split('');
  const has = expand(current);
  const isThere = (flag: string) => expand(flag).every((one) => has.includes(one));
  return needed
    .split('')
    .filter((flag) => !isThere(flag))
    .join('');
}

/** The setting with the needed flags added; no flag is removed. */
export function mergedFlags(current: string, needed: string): string {
  const merged = current + missingFlags(current, needed);
  if (!merged.includes('A')) return merged;
  return merged
    .split('')
    .filter((flag) => !ALL_CLASSES.includes(flag))
    .join('');
}
