/**
 * The semantic conventions for messaging, which are not stable yet: the package with their names exports these only as
 * incubating, so that every version may rename them.
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0';

export const SYSTEM = 'messaging.system';
export const OPERATION_NAME = 'messaging.operation.name';
export const OPERATION_TYPE = 'messaging.operation.type';
export const DESTINATION_NAME = 'messaging.destination.name';
export const DESTINATION_TEMPLATE = 'messaging.destination.template';
export const MESSAGE_ID = 'messaging.message.id';
export const MESSAGE_BODY_SIZE = 'messaging.message.body.size';
export const BATCH_MESSAGE_COUNT = 'messaging.batch.message_count';
export const CONSUMER_GROUP_NAME = 'messaging.consumer.group.name';
export const SERVER_ADDRESS = 'server.address';
export const SERVER_PORT = 'server.port';
export const ERROR_TYPE = 'error.type';
/** The name of the handler: `OrderNotifier.notify`. */
export const HANDLER = 'event_bus.handler';
/** Which call of the handler it is: 1 for the first. */
export const ATTEMPT = 'event_bus.attempt';

/** Every operation, by its name, with its type. */
export const OPERATIONS = {
  publish: { [OPERATION_NAME]: 'publish', [OPERATION_TYPE]: 'send' },
  create: { [OPERATION_NAME]: 'create', [OPERATION_TYPE]: 'create' },
  process: { [OPERATION_NAME]: 'process', [OPERATION_TYPE]: 'process' },
} as const;
