import { Controller, Injectable, Scope } from '@nestjs/common';
import { ConfigurationError, OnEvent } from 'nestjs-redis-event-bus';
import { pipelineApps } from './support/pipeline.app.js';
import { untyped } from '../../support/untyped.js';

const start = pipelineApps();

/** What the start of an application with these providers fails with. */
async function problemsOf(...args: Parameters<typeof start>): Promise<readonly string[]> {
  const error = await start(...args).then(
    () => new Error('The application started.'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as ConfigurationError).problems;
}

describe('the start fails with a ConfigurationError', () => {
  it.each<[string, string | readonly string[], RegExp]>([
    ['an empty target', '', /the target is empty/],
    ['no target', [], /it has no target/],
    ['an empty target among others', ['orders:created', ''], /the target is empty/],
    ['a class that never ends', 'orders:[ab', /target "orders:\[ab": /],
    ['more stars than anybody means', '*:*:*:*:*:*:*:*:*:*:*', /target "\*:/],
    ['something that is no string', untyped(7), /has no target|must be a string/],
    ['something that is no string in an array', [untyped(7)], /a target must be a string/],
  ])('for %s, which names the class and the method', async (_what, target, problem) => {
    @Injectable()
    class Wrong {
      @OnEvent(target)
      handle() {
        return undefined;
      }
    }
    const problems = await problemsOf({ providers: [Wrong] });
    expect(problems).toEqual([expect.stringMatching(/^@OnEvent on Wrong\.handle: /)]);
    expect(problems[0]).toMatch(problem);
  });

  it('for a kind that does not exist, and for a glob that is to be a shard channel', async () => {
    @Injectable()
    class Wrong {
      @OnEvent('orders:created', { kind: untyped('stream') })
      kind() {
        return undefined;
      }

      @OnEvent('orders:*', { kind: 'shard' })
      shard() {
        return undefined;
      }
    }
    expect(await problemsOf({ providers: [Wrong] })).toEqual([
      expect.stringMatching(/^@OnEvent on Wrong\.kind: kind must be 'channel', 'pattern' or 'shard'/),
      expect.stringMatching(/^@OnEvent on Wrong\.shard: target "orders:\*": /),
    ]);
  });

  it('for a transient class, which has one instance per consumer', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @OnEvent('orders:*')
      handle() {
        return undefined;
      }
    }
    expect(await problemsOf({ providers: [Transient] })).toEqual([
      '@OnEvent on Transient.handle: its class is transient, so it has one instance per consumer. Make it a singleton or request-scoped.',
    ]);
  });

  it('for a bus that nobody imported, and names those there are', async () => {
    @Injectable()
    class Elsewhere {
      @OnEvent('orders:*', { bus: 'audit' })
      handle() {
        return undefined;
      }
    }
    expect(await problemsOf({ providers: [Elsewhere] }, { buses: [undefined, 'metrics'] })).toEqual([
      '@OnEvent on Elsewhere.handle: there is no bus "audit". Import EventBusModule.forRoot({ name: "audit" }), or use one of: default, metrics.',
    ]);
  });

  it('for the default bus when every bus has a name', async () => {
    @Injectable()
    class Default {
      @OnEvent('orders:*')
      handle() {
        return undefined;
      }
    }
    expect(await problemsOf({ providers: [Default] }, { buses: ['audit'] })).toEqual([
      expect.stringContaining('there is no bus "default"'),
    ]);
  });

  it('with everything that is wrong at once, in all classes and on all buses', async () => {
    @Injectable()
    class One {
      @OnEvent(['', 'orders:[ab'])
      first() {
        return undefined;
      }

      @OnEvent('orders:*', { bus: 'nowhere' })
      @OnEvent('', { bus: 'audit' })
      second() {
        return undefined;
      }
    }
    @Controller()
    class Other {
      @OnEvent('', { bus: 'audit' })
      handle() {
        return undefined;
      }
    }
    const problems = await problemsOf(
      { providers: [One], controllers: [Other] },
      { buses: [undefined, 'audit'] },
    );
    expect([...problems].sort()).toEqual([
      expect.stringMatching(/^@OnEvent on One\.first: target "": /),
      expect.stringMatching(/^@OnEvent on One\.first: target "orders:\[ab": /),
      expect.stringMatching(/^@OnEvent on One\.second: target "": /),
      expect.stringMatching(/^@OnEvent on One\.second: there is no bus "nowhere"/),
      expect.stringMatching(/^@OnEvent on Other\.handle: target "": /),
    ]);
  });
});

describe('@OnEvent refuses', () => {
  it('a property, which has nothing to call', () => {
    expect(() => {
      class Property {
        @(untyped(OnEvent('orders:*')) as PropertyDecorator)
        handle = () => undefined;
      }
      return Property;
    }).toThrow(
      '@OnEvent on Property.handle: only instance methods with a string name can be decorated, no properties',
    );
  });

  it('an accessor', () => {
    expect(() => {
      class Accessor {
        @OnEvent('orders:*')
        get handle() {
          return () => undefined;
        }
      }
      return Accessor;
    }).toThrow(ConfigurationError);
  });

  it('a static method and one whose name is a symbol, where Nest would miss its guards', () => {
    expect(() => {
      class Static {
        @OnEvent('orders:*')
        static handle() {
          return undefined;
        }
      }
      return Static;
    }).toThrow('@OnEvent on Static.handle: only instance methods with a string name');
    const handle = Symbol('handle');
    expect(() => {
      class Symbolic {
        @OnEvent('orders:*')
        [handle]() {
          return undefined;
        }
      }
      return Symbolic;
    }).toThrow('@OnEvent on Symbolic.Symbol(handle): only instance methods with a string name');
  });
});
