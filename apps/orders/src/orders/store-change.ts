/** The ids of all orders, scored by when they were placed. */
export const ORDERS_BY_AGE_KEY = '{orders}:by-age';

/** The changes that are not announced yet, with the same scores as the orders by change. */
export const UNANNOUNCED_KEY = '{orders}:unannounced';

/**
 * A Lua script that stores a change of an order with its indexes, atomically.
 *
 * KEYS: the order, the orders by age and by change, the unannounced changes. ARGV: the id of the order, the status that it must
 * have (empty for a new one), the id of the change, the time of the order, then the fields to set and their values. Returns 1,
 * or 0 if the order has another status. The change gets its time from Redis, so changes are in the order in which they were
 * stored, whatever the clocks of the instances say.
 */
export const STORE_CHANGE = `
if (redis.call('HGET', KEYS[1], 'status') or '') ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local latest = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')[2] or 0
local changedAtUs = math.max(time[1] * 1000000 + time[2], latest + 1)
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('ZADD', KEYS[3], changedAtUs, ARGV[1])
redis.call('ZADD', KEYS[4], changedAtUs, ARGV[3])
return 1`;
