import { ODDITIES } from '../../../test/support/oddities.js';
import {
  describeThrown,
  framesOf,
  ignoreRejection,
  isA,
  isError,
  reasonOf,
  textOf,
  toPromise,
} from './foreign.js';

const nothing = () => undefined;

describe('foreign values', () => {
  it.each(ODDITIES)('are described without a throw, in short: $name', ({ make }) => {
    const { name, message, code } = describeThrown(make());
    expect([typeof message, typeof (name ?? ''), typeof (code ?? '')]).toEqual([
      'string',
      'string',
      'string',
    ]);
    expect(message.length).toBeLessThanOrEqual(8_192);
    expect(reasonOf(make()).length).toBeLessThanOrEqual(256);
    expect(textOf(make())).toEqual(expect.any(String));
    expect([undefined, 'string']).toContain(typeof framesOf(make()) === 'string' ? 'string' : undefined);
    expect(typeof isError(make())).toBe('boolean');
    expect(isA(make(), Map)).toBe(false);
  });

  it.each(ODDITIES)('become promises as await takes them: $name', async ({ make }) => {
    ignoreRejection(make());
    const taken = await toPromise(make()).then(nothing, nothing);
    expect(taken).toBeUndefined();
  });

  it('keep the name, the message and the code of an error', () => {
    const error = Object.assign(new TypeError('odd'), { code: 'E_ODD' });
    expect(describeThrown(error)).toEqual({ name: 'TypeError', message: 'odd', code: 'E_ODD' });
  });

  it('are named by their class where they have no name of their own', () => {
    class OutOfStock extends Error {}
    expect(describeThrown(new OutOfStock('odd')).name).toBe('OutOfStock');
  });
});

describe('framesOf', () => {
  it('leaves out lines of the message that look like frames', () => {
    const forged = new Error('odd\n    at forged (a.js:1:1)');
    expect(framesOf(forged)).toContain('    at ');
    expect(framesOf(forged)).not.toContain('forged (a.js');
  });

  it('leaves them out where the message was changed since', () => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 2;
    try {
      const forged = new Error('odd\n    at forged (a.js:1:1)');
      forged.message = 'changed';
      expect(framesOf(forged)?.split('\n')).toHaveLength(2);
      expect(framesOf(forged)).not.toContain('forged (a.js');
    } finally {
      Error.stackTraceLimit = limit;
    }
  });

  it('finds none in what has no stack', () => {
    expect(framesOf('text')).toBeUndefined();
    expect(framesOf({ stack: 'no frames' })).toBeUndefined();
  });
});
