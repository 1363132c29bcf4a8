export { EventBusAsyncApi } from './event-bus.asyncapi.js';
export { EventBusAsyncApiModule } from './event-bus-asyncapi.module.js';
export type {
  AsyncApiDocumentOptions,
  EventBusAsyncApiAsyncOptions,
  EventBusAsyncApiModuleOptions,
} from './asyncapi.options.js';
export type {
  AsyncApiBus,
  AsyncApiChannel,
  AsyncApiDocument,
  AsyncApiInfo,
  AsyncApiMessage,
  AsyncApiOperation,
  AsyncApiPubSub,
  AsyncApiReference,
  AsyncApiReply,
  AsyncApiServer,
} from './asyncapi.document.js';
export { LoopbackGuard } from './loopback.guard.js';
