import { eventJson, eventText, gapJson, gapText } from './event.lines.js';

const through = { kind: 'channel', name: 'orders:created' } as const;
const message = (body: Buffer | string) => ({ through, channel: 'orders:created', body, receivedAtMs: 0 });
const gap = { reason: 'connection-lost', targets: [through], fromMs: 1_000, toMs: 3_500 } as const;

describe('the lines of tail', () => {
  it('have the time, the channel and the payload', () => {
    expect(eventText(message('{"id":1}'), 'orders:created')).toBe(
      '1970-01-01T00:00:00.000Z orders:created {"id":1}',
    );
  });

  it('show bytes that are no text as Base64', () => {
    expect(eventText(message(Buffer.from([0xff])), 'a')).toMatch(/ a base64:\/w==$/);
    expect(eventJson(message(Buffer.from([0xff])), 'a')).toMatch(/,"base64":"\/w=="}$/);
  });

  it('keep JSON as it was published', () => {
    expect(eventJson(message('{"n":\n12345678901234567890}'), 'a')).toMatch(
      /,"payload":{"n": 12345678901234567890}}$/,
    );
  });

  it('say how long events may be missing, of what and why', () => {
    expect(gapText(gap, ['orders:*'])).toBe(
      '1970-01-01T00:00:03.500Z gap connection-lost for 2500 ms, events may be missing: orders:*',
    );
    expect(gapText({ ...gap, hint: 'a hint' }, ['orders:*'])).toMatch(/orders:\* \(a hint\)$/);
    expect(JSON.parse(gapJson(gap, ['orders:*']))).toEqual({
      type: 'gap',
      reason: 'connection-lost',
      from: '1970-01-01T00:00:01.000Z',
      to: '1970-01-01T00:00:03.500Z',
      targets: ['orders:*'],
    });
  });
});
