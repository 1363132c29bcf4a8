import type { EventCodec } from '../message/event.codec.js';
import { NO_METADATA } from '../message/event.codec.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/event-target.js';
import { SubscriptionPlan } from '../routing/subscription-plan.js';
import { EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { EventReceiver } from './event.receiver.js';

/** Takes what begins with `re:` for the answer to a request. */
const codec: EventCodec = {
  name: 'answers',
  encode: String,
  decode: (body) => {
    const payload = body.toString();
    return { payload, metadata: NO_METADATA, isReply: payload.startsWith('re:') };
  },
};

describe('EventReceiver', () => {
  it('hands answers to requests to those who wait for answers, and to nobody else', () => {
    const seen: string[] = [];
    const prefix = new ChannelPrefix('');
    const handlerOf = (name: string, takesReplies?: boolean): EventHandler => ({
      name,
      targets: [parseTarget('a', prefix)],
      ...(takesReplies === undefined ? {} : { takesReplies }),
      invoke: ({ payload }) => void seen.push(`${name} ${String(payload)}`),
    });
    const silent = { handled: () => undefined, failed: () => undefined, rejected: () => undefined };
    const plan = new SubscriptionPlan<EventHandler>();
    const dispatcher = new EventDispatcher(silent);
    for (const handler of [handlerOf('event'), handlerOf('waiting', true), handlerOf('no', false)]) {
      plan.add(handler);
      dispatcher.add(handler);
    }
    const settings = { bus: 'b', codec, prefix, maxPayloadBytes: 100 };
    const receiver = new EventReceiver(settings, plan, dispatcher, silent);
    receiver.receive({ kind: 'channel', name: 'a' }, 'a', Buffer.from('ask'));
    receiver.receive({ kind: 'channel', name: 'a' }, 'a', Buffer.from('re: ask'));
    expect(seen).toEqual(['event ask', 'waiting ask', 'no ask', 'waiting re: ask']);
    expect(receiver.receivedMessages).toBe(2);
  });
});
