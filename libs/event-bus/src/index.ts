export { EventBusModule } from './module/event-bus.module.js';
export type { EventBusModuleExtras, EventBusOptionsFactory } from './module/event-bus.module-definition.js';
export type {
  EventBusModuleOptions,
  KeyspaceOptions,
  ShutdownOptions,
  StartupOptions,
} from './module/event-bus.options.js';
export {
  InjectEventBusInspector,
  InjectEventBusObservers,
  InjectEventBusPublisher,
  InjectEventBusStatus,
  InjectEventBusSubscriber,
  eventBusToken,
} from './module/event-bus.inject.js';

export { OnEvent } from './handlers/on-event.decorator.js';
export type { HandlerDecorator, OnEventDecorator } from './handlers/handler.decorator.js';
export type { OnEventOptions } from './handlers/on-event.decorator.js';
export { OnKeyEvent } from './handlers/on-key-event.decorator.js';
export type { OnKeyEventOptions } from './handlers/on-key-event.decorator.js';
export type { KeyEvent } from './routing/key-event.channel.js';
export { OnGap } from './handlers/on-gap.decorator.js';
export type { OnGapOptions } from './handlers/on-gap.decorator.js';
export type { Gap, GapReason } from './gaps/gap.js';
export type { HandlerBufferOptions, HandlerOptions, RetryOptions } from './dispatching/handler.options.js';
export type { DeadLetter, DeadLetterEvent } from './dispatching/dead.letter.js';
export { isEventContext } from './handlers/is-event-context.js';
export { ChannelParam } from './handlers/channel-param.decorator.js';
export { EventContract, defineEvent } from './contracts/event.contract.js';
export type {
  ContractOptions,
  EventInput,
  EventParams,
  EventPayload,
  TemplateParamNames,
} from './contracts/event.contract.js';
export type { ChannelPayload, EventMap } from './contracts/event.map.js';
export type { TargetInput } from './contracts/contract.target.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './contracts/standard.schema.js';
export { EventContext } from './message/event-context.js';
export type { EventParamValues } from './message/event-context.js';

export { EventBusPublisher } from './publishing/event-bus.publisher.js';
export type {
  ContractPublishOptions,
  EventToPublish,
  PublishManyOptions,
  PublishOptions,
  WhenDisconnected,
} from './publishing/publish.options.js';
export { EventBusSubscriber } from './subscribing/event-bus.subscriber.js';
export type {
  EventListener,
  ObserveOptions,
  SubscribeOptions,
  Subscription,
  Targets,
} from './subscribing/event-bus.subscriber.js';
export { EventStream } from './subscribing/event.stream.js';
export type { StreamBufferOptions, StreamOptions } from './subscribing/event.stream.js';
export { EventBusInspector } from './introspection/event-bus.inspector.js';
export type {
  EventBusSnapshot,
  HandlerSnapshot,
  SubscriptionSnapshot,
} from './introspection/event-bus.inspector.js';
export type {
  ContractDescription,
  EventBusDescription,
  HandlerDescription,
  HandlerOptionsDescription,
  TargetDescription,
} from './introspection/bus.description.js';
export type { HandlerDurations } from './dispatching/handler.totals.js';
export type { EventBusInstance, InstanceOptions } from './introspection/bus.instance.js';
export { EventBusStatus } from './introspection/event-bus.status.js';
export type { EventBusState } from './introspection/event-bus.status.js';

export { EventBusObservers } from './observing/event-bus.observers.js';
export type {
  AroundHandle,
  AroundTransport,
  EventBusObserver,
  ObservedCall,
  ObservedHandler,
  ObservedPublish,
  PublishNext,
  ObservedTransport,
} from './observing/event-bus.observer.js';
export type * from './observing/bus.facts.js';
export type * from './observing/observer.facts.js';
export type { LogFormat } from './observing/log.line.js';
export type { PipelineStage } from './handlers/handler.failure.js';

export { cloudEvents } from './message/cloud-events.codec.js';
export type { CloudEventsOptions } from './message/cloud-events.codec.js';
export { json } from './message/json.codec.js';
export type { JsonOptions } from './message/json.codec.js';
export { raw } from './message/raw.codec.js';
export type {
  DecodedEvent,
  EventCodec,
  EventDecoder,
  EventFrames,
  EventHeaders,
  EventMetadata,
  EventStamp,
} from './message/event.codec.js';

export { redis } from './transports/redis/redis.transport.js';
export { redisCluster } from './transports/redis-cluster/redis-cluster.transport.js';
export type { RedisClusterTransportOptions } from './transports/redis-cluster/redis-cluster.options.js';
export type { RedisHeartbeatOptions } from './transports/redis/redis.heartbeat.js';
export type { RedisCredential, RedisCredentials } from './transports/redis/redis.credentials.js';
export type { RedisTransportOptions } from './transports/redis/redis.options.js';
export { memory } from './transports/memory/memory.transport.js';
export type { MemoryTransportOptions } from './transports/memory/memory.transport.js';
export { MemoryBroker, memoryBroker } from './transports/memory/memory.broker.js';
export { RedisGlob } from './routing/redis-glob.js';
export { targetKey } from './routing/subscription-target.js';
export { bodyOf } from './transports/event.transport.js';
export type {
  BatchingFacet,
  ClaimFacet,
  DriverFacet,
  EventTransport,
  IncomingMessage,
  MessageSettings,
  InspectionFacet,
  InspectionQuery,
  InspectionResult,
  Interruption,
  InterruptionReason,
  KeyEventFacet,
  KeyspaceFlags,
  KeyspaceNotifications,
  LinkFacet,
  MessageBody,
  OutgoingMessage,
  PublishBatching,
  PublishOutcome,
  SettledListener,
  SubscribeOutcome,
  SubscriptionInfo,
  SubscriptionKind,
  SubscriptionState,
  SubscriptionTarget,
  TransportCapabilities,
  TransportFacets,
  TransportFactory,
  TransportLink,
  TransportListener,
  TransportState,
  TransportStatus,
  TransportWarning,
} from './transports/event.transport.js';

export { EventBusError } from './errors.js';
export * from './errors/starting.errors.js';
export * from './errors/subscribing.errors.js';
export * from './errors/publishing.errors.js';
export * from './errors/calling.errors.js';
export * from './errors/payload.errors.js';
export * from './errors/handling.errors.js';
