import { NotSupportedError, PayloadDecodeError } from '../errors.js';
import type { EventCodec } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';
import { parseKeyEvent } from '../routing/key-event.channel.js';

/** Reads what Redis publishes about its keys; the application's own codec has no say there. */
export function keyEventCodec(node: string | undefined): EventCodec {
  return {
    name: 'key-event',
    encode() {
      throw new NotSupportedError('Redis alone publishes key events.');
    },
    decode(body, channel) {
      const payload = parseKeyEvent(channel, body, node);
      if (payload === undefined) throw new PayloadDecodeError('it comes on a channel that is no key event.');
      return { payload, metadata: NO_METADATA };
    },
  };
}
