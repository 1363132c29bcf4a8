export {
  customerIdSchema,
  isAmount,
  type Order,
  type OrderItem,
  orderItemSchema,
  orderSchema,
  type OrderStatus,
  orderStatusSchema,
  type ReachedStatus,
  reachedStatusSchema,
} from './order.js';
export { notificationSentChannel } from './channels.js';
export { NotificationSent, OrderChanged } from './contracts.js';
export { type Notification, notificationSchema } from './notification.js';
export { oneLine } from './one-line.js';
export { closeHttpServer } from './http/close-http-server.js';
export { orderKey, ORDERS_BY_CHANGE_KEY } from './keys.js';
export { openRedis, type RedisClient } from './redis/redis-client.js';
export {
  type RedisAccess,
  type RedisAddress,
  type RedisPlace,
  redisPlaceSchema,
} from './redis/redis-place.js';
export { redisTransport } from './redis/redis-transport.js';
