import { StartupError, SubscriptionRefusedError, TransportRefusedError } from '../errors.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { parseTarget } from '../routing/handler-target.js';
import { handlersOf, throwRefusal, toStartupError } from './startup.refusal.js';

const target = (text: string) => parseTarget(text, new ChannelPrefix(''));
const handler = (name: string, ...texts: string[]) => ({
  name,
  targets: texts.map(target),
  invoke: () => undefined,
});
const owners = handlersOf([handler('A.a', 'x', 'y'), handler('B.b', 'y')]);

describe('throwRefusal', () => {
  it('names each subscription that was refused, and the handlers that asked for it', () => {
    const cause = new Error('NOPERM');
    const outcomes = ['x', 'y', 'z'].map((text) => {
      const { subscription } = target(text);
      return text === 'z'
        ? { target: subscription }
        : { target: subscription, error: new SubscriptionRefusedError(text, { cause }) };
    });
    expect(() => throwRefusal(outcomes, owners)).toThrow(
      expect.objectContaining({
        name: 'StartupError',
        message: expect.stringMatching(/"x".*\(handlers: A\.a\)\n.*"y".*\(handlers: A\.a, B\.b\)$/s),
        cause: outcomes[0]?.error,
      }),
    );
  });

  it('throws nothing when all were confirmed', () => {
    expect(throwRefusal([{ target: target('x').subscription }], owners)).toBeUndefined();
  });
});

describe('toStartupError', () => {
  it('leaves a StartupError as it is', () => {
    const error = new StartupError('no');
    expect(toStartupError(error)).toBe(error);
  });

  it('takes the words of our errors, and the cause of a refused connection', () => {
    const cause = new Error('WRONGPASS');
    const error = toStartupError(new TransportRefusedError('Redis refused us.', { cause }));
    expect(error).toMatchObject({ message: 'Redis refused us.', cause });
  });

  it('says of anything else that the bus cannot start', () => {
    const error = toStartupError(new Error('odd'));
    expect(error.message).toBe('The event bus cannot start: odd');
    expect(error.cause).toEqual(new Error('odd'));
  });
});
