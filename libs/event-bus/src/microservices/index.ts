export { EventBusServer } from './event-bus.server.js';
export { EventBusClient } from './event-bus.client.js';
export { MicroserviceContext } from './microservice.context.js';
export type { MicroserviceStatus, MicroserviceStatusEvents } from './microservice.status.js';
export type {
  EventBusClientOptions,
  EventBusServerOptions,
  RequestOptions,
} from './microservices.options.js';

export { nestPacket } from './nest-packet.codec.js';
export { packetCodec } from './packet.codec.js';
export type { PacketCodec, PacketFormat } from './packet.codec.js';
export { packetOf } from './packet.js';
export type { EventPacket, Packet, PacketHeaders, ReplyPacket, RequestPacket } from './packet.js';

export { NoRespondersError, ReplyLostError, RequestTimeoutError } from './microservices.errors.js';
