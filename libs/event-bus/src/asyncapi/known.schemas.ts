/** The JSON Schema of a {@link DeadLetter}. */
export const DEAD_LETTER_SCHEMA = {
  type: 'object',
  properties: {
    hops: { type: 'integer', minimum: 1 },
    event: {
      type: 'object',
      properties: {
        channel: { type: 'string' },
        payload: { description: 'The payload as it was received.' },
        base64: { type: 'string', description: 'The bytes of a message that is no JSON.' },
        bytes: { type: 'integer' },
        metadata: { type: 'object' },
        receivedAt: { type: 'string', format: 'date-time' },
      },
      required: ['channel', 'bytes', 'metadata', 'receivedAt'],
    },
    error: {
      type: 'object',
      properties: { name: { type: 'string' }, message: { type: 'string' }, code: { type: 'string' } },
      required: ['name', 'message'],
    },
    handler: { type: 'string' },
    bus: { type: 'string' },
    attempts: { type: 'integer', minimum: 0 },
  },
  required: ['event', 'error', 'handler', 'bus', 'attempts'],
} as const;

/** What surrounds the payload with the codec `nestPacket()`. */
export const NEST_PACKET_SCHEMA = {
  type: 'object',
  description: 'A packet of Nest.',
  properties: {
    pattern: { description: 'The channel, or the object that Nest derives it from.' },
    data: { description: 'The payload.' },
    metadata: { type: 'object' },
  },
  required: ['pattern', 'data'],
} as const;

/** What makes a packet a request. */
export const NEST_REQUEST_SCHEMA = {
  properties: { id: { type: ['string', 'number'], description: 'Its replies have the same.' } },
  required: ['id'],
} as const;

/** What answers a request. */
export const NEST_REPLY_SCHEMA = {
  type: 'object',
  description: 'One of the replies to a request. That with isDisposed, or with err, is the last.',
  properties: {
    id: { type: ['string', 'number'], description: 'That of the request.' },
    response: { description: 'What the handler returned.' },
    err: { description: 'What the handler threw.' },
    isDisposed: { type: 'boolean' },
    status: { type: 'string' },
  },
  required: ['id'],
} as const;

/** What surrounds the payload with the codec `cloudEvents()`. */
export const CLOUD_EVENT_SCHEMA = {
  type: 'object',
  description: 'CloudEvents 1.0, structured JSON. Headers are further attributes.',
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string', minLength: 1 },
    source: { type: 'string', minLength: 1 },
    type: { type: 'string', minLength: 1 },
    time: { type: 'string', format: 'date-time' },
  },
  required: ['specversion', 'id', 'source', 'type'],
} as const;
