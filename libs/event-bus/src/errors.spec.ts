import * as errors from './errors.js';
import { ConfigurationError, PublishManyError, StartupError, quote, reasonOf } from './errors.js';

describe('errors', () => {
  it('have a code of their own each', () => {
    const samples = [
      new errors.ConfigurationError(['x']),
      new errors.StartupError('x'),
      new errors.TransportRefusedError('x'),
      new errors.SubscriptionRefusedError('t', { cause: new Error('NOPERM') }),
      new errors.BusClosedError(),
      new errors.NotConnectedError(),
      new errors.PublishBufferFullError('x'),
      new errors.InvalidChannelError('c', 'x'),
      new errors.InvalidTargetError('t', 'x'),
      new errors.InvalidOptionError('o', 'x'),
      new errors.PayloadEncodeError('x'),
      new errors.PayloadDecodeError('x'),
      new errors.PayloadInvalidError('c', ['x']),
      new errors.PayloadTooLargeError('c', 2, 1),
      new errors.PublishRefusedError('c', { cause: 'x' }),
      new errors.PublishUnconfirmedError('c', { cause: 'x' }),
      new errors.PublishManyError([{ error: new Error('x') }]),
      new errors.NotSupportedError('x'),
      new errors.HandlerTimeoutError('A.b', 1),
      new errors.GroupClaimError('g', 'x'),
    ];
    const classes = Object.values(errors).filter(
      (value) => typeof value === 'function' && value.prototype instanceof errors.EventBusError,
    );
    expect(samples).toHaveLength(classes.length);
    expect(new Set(samples.map((error) => error.code)).size).toBe(samples.length);
    expect(samples.every((error) => /^EVENT_BUS_[A-Z_]+$/.test(error.code))).toBe(true);
    expect(samples.every((error) => error.name === error.constructor.name)).toBe(true);
    // By which errors of another copy of the package are known.
    expect(samples.map((error) => (error.constructor as { code?: string }).code)).toEqual(
      samples.map((error) => error.code),
    );
  });

  it('are instances of their classes alone, whatever they are compared with', () => {
    class Derived extends errors.NotConnectedError {}
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(new Derived()).toBeInstanceOf(errors.NotConnectedError);
    expect(new errors.NotConnectedError()).not.toBeInstanceOf(Derived);
    expect(new errors.NotConnectedError()).not.toBeInstanceOf(errors.BusClosedError);
    for (const value of [proxy, null, undefined, 'text', new Error('x'), { code: 'EVENT_BUS_CLOSED' }])
      expect(value instanceof errors.BusClosedError).toBe(false);
  });

  it('list every problem of a configuration', () => {
    expect(new ConfigurationError(['a.', 'b.']).message).toBe(
      'The event bus cannot start because of 2 problems:\n  - a.\n  - b.',
    );
  });

  it('spare whoever starts the application the place in our code', () => {
    expect(new StartupError('No Redis.').stack).toBe('StartupError: No Redis.');
    expect(new ConfigurationError(['a.']).stack).not.toContain('    at ');
  });

  it('say how many of several events failed, and keep the first failure', () => {
    const cause = new Error('first');
    const error = new PublishManyError([
      { subscriptions: 1 },
      { error: cause },
      { error: new Error('second') },
    ]);
    expect(error.message).toContain('2 of 3');
    expect(error.cause).toBe(cause);
  });
});

describe('quote', () => {
  it('keeps a name on one line and within 128 characters', () => {
    expect(quote('a\nb\u001b"')).toBe('"a\\nb\\u001b\\""');
    expect(quote('x'.repeat(500))).toHaveLength(130);
  });
});

describe('reasonOf', () => {
  it.each([
    [new Error('a\n b.'), 'a b'],
    [new Error(''), 'Error'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [new AggregateError([new Error('connect ECONNREFUSED ::1:1')], ''), 'connect ECONNREFUSED ::1:1'],
  ])('reads %p', (cause, reason) => {
    expect(reasonOf(cause)).toBe(reason);
  });

  it.each([
    ['an object without a prototype', Object.create(null)],
    [
      'an object that does not want to be text',
      {
        toString() {
          throw new Error('no');
        },
      },
    ],
    ['an error with an odd message', Object.assign(new Error('x'), { message: { a: 1 } })],
  ])('copes with %s', (_name, cause: unknown) => {
    expect(reasonOf(cause)).toEqual(expect.any(String));
  });

  it('is cut where it gets long', () => {
    expect(reasonOf(new Error('x'.repeat(1000)))).toHaveLength(256);
  });
});
