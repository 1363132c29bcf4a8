import { describe, expect, it } from '@jest/globals';
import type { Redact } from './payload.preview.js';
import { PayloadPreview } from './payload.preview.js';

const event = { bus: 'default', channel: 'orders:created', what: 'published' } as const;

function shown(payload: unknown, redact?: Redact, bytes = 10) {
  const errors: unknown[] = [];
  const preview = new PayloadPreview(redact, (error) => errors.push(error));
  return { ...preview.of(payload, bytes, event), errors };
}

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

describe('PayloadPreview', () => {
  it('shows the first 256 characters of the payload as JSON', () => {
    expect(shown({ id: 7 })).toEqual({ payload: '{"id":7}', errors: [] });
    expect(shown('x'.repeat(300)).payload).toBe(`"${'x'.repeat(254)}…`);
  });

  it('shows bytes as text', () => {
    expect(shown(Buffer.from('a,b')).payload).toBe('"a,b"');
    expect(shown(new Uint8Array(1_000_000)).payload).toHaveLength(256);
  });

  it('shows what redact makes of it, which knows the event', () => {
    const redact: Redact = (payload, about) => ({ ...(payload as object), card: '…', ...about });
    expect(JSON.parse(shown({ card: '4111' }, redact).payload ?? '')).toEqual({ card: '…', ...event });
  });

  const error = new Error('no card');
  it.each<[string, unknown, Redact]>([
    [
      'throws',
      error,
      () => {
        throw error;
      },
    ],
    ['is async', new TypeError('redact must not be async.'), async () => Promise.reject(error)],
  ])('hides the payload if redact %s', (_what, thrown, redact) => {
    expect(shown({ card: '4111' }, redact)).toEqual({ isHidden: true, errors: [thrown] });
  });

  it.each([
    ['redact returns undefined', { card: '4111' }, () => undefined],
    ['it is no JSON', cyclic, undefined],
    ['it is nothing', undefined, undefined],
    ['its toJSON throws', { toJSON: () => JSON.parse('{') as unknown }, undefined],
  ])('hides the payload if %s', (_why, payload, redact) => {
    expect(shown(payload, redact)).toEqual({ isHidden: true, errors: [] });
  });

  it('hides a large payload without turning it into JSON', () => {
    const payload = {
      toJSON: () => {
        throw new Error('It was turned into JSON.');
      },
    };
    expect(shown(payload, undefined, 65_537)).toEqual({ isHidden: true, errors: [] });
  });
});
