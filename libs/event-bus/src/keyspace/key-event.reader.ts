import type { BrokerChannels } from '../dispatching/message.reading.js';
import { PayloadDecodeError } from '../errors.js';
import { NO_METADATA } from '../message/event.codec.js';
import type { DecodedEvent } from '../message/event.codec.js';
import { isKeyEventChannel, parseKeyEvent } from '../routing/key-event.channel.js';

/** Reads the key events that Redis publishes. */
export const keyEvents: BrokerChannels = {
  readingOf(channel, node) {
    if (!isKeyEventChannel(channel)) return undefined;
    return { decoder: { decode: (body, on) => decode(body, on, node) }, isOfBroker: true };
  },
};

function decode(body: string | Buffer, channel: string, node: string | undefined): DecodedEvent {
  const payload = parseKeyEvent(channel, body, node);
  if (payload === undefined) throw new PayloadDecodeError('its channel is not a key event channel.');
  return { payload, metadata: NO_METADATA };
}
