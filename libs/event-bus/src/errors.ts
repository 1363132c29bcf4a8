/** Exports every error, and the helpers for their texts. */
export { reasonOf } from './foreign.js';
export { quote } from './printable.js';
export { EventBusError, markLogged } from './errors/event-bus.error.js';
export * from './errors/starting.errors.js';
export * from './errors/subscribing.errors.js';
export * from './errors/publishing.errors.js';
export * from './errors/calling.errors.js';
export * from './errors/payload.errors.js';
export * from './errors/handling.errors.js';
