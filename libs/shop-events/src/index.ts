export {
  customerIdSchema,
  isAmount,
  type Order,
  type OrderItem,
  orderItemSchema,
  orderSchema,
  type OrderStatus,
  orderStatusSchema,
} from './order.js';
export { ALL_ORDER_CHANNELS, notificationSentChannel, orderChannel } from './channels.js';
