import { jest } from '@jest/globals';
import { muteListener } from '../../../../test/support/mute.listener.js';
import { raw } from '../message/raw.codec.js';
import { resolveSettings } from '../module/event-bus.options.js';
import { memory } from '../transports/memory/memory.transport.js';
import { EventPreparer } from './event.preparer.js';

/** How often the names of these channels were checked. */
function checksFor(channels: readonly string[]): number {
  const settings = resolveSettings({ transport: memory(), prefix: 'shop:' }, 'default');
  const checked = jest.spyOn(settings.prefix, 'addToChannel');
  const preparer = new EventPreparer(settings, memory().create(muteListener));
  for (const channel of channels)
    expect(preparer.attempt({ channel, payload: 1 })).not.toHaveProperty('error');
  return checked.mock.calls.length;
}

describe('EventPreparer', () => {
  it('checks a channel once', () => {
    expect(checksFor(['a', 'b', 'a', 'b'])).toBe(2);
  });

  it.each([
    ['ASCII', 'x', 10],
    ['two bytes each', 'ä', 20],
    ['three bytes each', '€', 30],
    ['four bytes for two units', '\u{1F600}', 40],
    ['a Buffer', Buffer.from([0]), 10],
  ])('lets an event be as large as the limit in bytes, and no larger: %s', (_what, part, bytes) => {
    const body = typeof part === 'string' ? part.repeat(10) : Buffer.alloc(10, part);
    const prepare = (maxPayloadBytes: number) => {
      const codec = { ...raw(), encode: () => body };
      const settings = resolveSettings({ transport: memory(), codec, maxPayloadBytes }, 'default');
      const preparer = new EventPreparer(settings, memory().create(muteListener));
      return preparer.attempt({ channel: 'a', payload: 1 });
    };
    expect(prepare(bytes)).not.toHaveProperty('error');
    expect(prepare(bytes - 1)).toMatchObject({ error: { bytes, maxPayloadBytes: bytes - 1 } });
  });
});
