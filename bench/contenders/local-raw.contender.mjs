import { EventEmitter } from 'node:events';

/** `node:events`, where the handler gets the very object. */
export const contender = {
  open(channel, handle) {
    const emitter = new EventEmitter();
    emitter.on(channel, (order) => handle(order));
    return (order) => emitter.emit(channel, order);
  },
};
