import { EventContext, abortEvent } from './event-context.js';
import { json } from './json.codec.js';
import { ReceivedEvent } from './received.event.js';

const received = (text = '{"id":1}') =>
  new ReceivedEvent('orders:created', Buffer.from(text), json(), 7).decode();

describe('EventContext', () => {
  it('says where an event came from', () => {
    const event = new EventContext(received(), 'orders:*', 'default');
    expect(event).toMatchObject({
      channel: 'orders:created',
      pattern: 'orders:*',
      payload: { id: 1 },
      receivedAtMs: 7,
      bus: 'default',
      params: {},
      metadata: {},
    });
    expect([event.getChannel(), event.getPattern()]).toEqual(['orders:created', 'orders:*']);
  });

  it('shares one decoded payload between the handlers of one message', () => {
    const event = received();
    expect(new EventContext(event, undefined, 'b').payload).toBe(new EventContext(event, 'o*', 'b').payload);
  });

  it('decodes at most once', () => {
    let count = 0;
    const codec = { ...json(), decode: () => ({ payload: ++count, metadata: {} }) };
    const event = new ReceivedEvent('c', Buffer.from('1'), codec, 0);
    expect([event.decode().payload, event.decode().payload, event.metadata]).toEqual([1, 1, {}]);
  });

  it('aborts its signal with the reason, whether somebody held it by then or not', () => {
    const early = new EventContext(received(), undefined, 'b');
    const { signal } = early;
    const reason = new Error('over');
    abortEvent(early, reason);
    expect([signal.aborted, signal.reason]).toEqual([true, reason]);

    const late = new EventContext(received(), undefined, 'b');
    abortEvent(late, reason);
    expect(late.signal.reason).toBe(reason);
  });

  it('has a signal that is not aborted otherwise, always the same one', () => {
    const event = new EventContext(received(), undefined, 'b');
    expect(event.signal.aborted).toBe(false);
    expect(event.signal).toBe(event.signal);
  });
});
