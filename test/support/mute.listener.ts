import type { TransportListener } from 'nestjs-redis-event-bus';

/** For a transport that is looked at from outside. */
export const muteListener: TransportListener = {
  message: () => undefined,
  confirmed: () => undefined,
  released: () => undefined,
  denied: () => undefined,
  resumed: () => undefined,
  writable: () => undefined,
  state: () => undefined,
  warned: () => undefined,
};
