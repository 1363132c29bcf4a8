import { transportConformance } from '../../libs/event-bus/src/conformance/transport.conformance.js';
import { BusClosedError, NotConnectedError } from '../../libs/event-bus/src/errors.js';
import type {
  EventTransport,
  IncomingMessage,
  SubscriptionTarget,
  TransportListener,
} from '../../libs/event-bus/src/transports/event.transport.js';
import { promptBroker } from '../support/prompt.broker.js';
import type { MemoryBroker } from '../../libs/event-bus/src/transports/memory/memory.broker.js';
import { memoryBroker } from '../../libs/event-bus/src/transports/memory/memory.broker.js';
import { memory } from '../../libs/event-bus/src/transports/memory/memory.transport.js';

/** Opens a transport that is sound but for one thing. */
type OpenBroken = (
  open: (listener: TransportListener) => EventTransport,
  listener: TransportListener,
) => EventTransport;

interface BrokenTransport {
  readonly fault: string;
  readonly open: OpenBroken;
  /** @default one that is sound, and delivers later */
  readonly broker?: () => MemoryBroker;
  /** Whether the tests of links and pings run. @default false: the transport that is broken has none */
  readonly hasLinks?: boolean;
  /** The tests of the suite that fail, in its order. */
  readonly fails: readonly string[];
}

const control: BrokenTransport = {
  fault: 'nothing is broken',
  open: (open, listener) => open(listener),
  fails: [],
};

const deaf: BrokenTransport = {
  fault: 'every unsubscribe is swallowed',
  open: (open, listener) => replace(open(listener), { unsubscribe: async () => undefined }),
  fails: [
    'takes channel names of several bytes per character',
    'takes channel names with spaces, quotes and line breaks',
    'takes channel names that are properties of objects',
    'takes a channel name of 10,000 bytes',
    'stops delivering once it is unsubscribed',
    'keeps the other subscriptions when one is unsubscribed',
    'ends in the state that was requested last when no call is awaited',
    'lists its subscriptions',
    'reports confirmations before subscribe resolves, and releases before unsubscribe resolves',
    'reports a target once, however often it is subscribed',
    'reports no message before the confirmation and none after the release',
    'lists the channels that have a subscriber',
    'counts the subscribers of channels',
    'counts a pattern once, however many subscribed to it',
    'subscribes to a shard channel and a channel of the same name at once',
    'stops delivering a shard channel once it is unsubscribed',
  ],
};

const textual: BrokenTransport = {
  fault: 'bodies are delivered as if they were UTF-8 text',
  open: (open, listener) =>
    open({
      ...contained(listener),
      message: (message) =>
        listener.message({ ...message, body: Buffer.from(message.body.toString('utf8')) }),
    }),
  fails: [
    'delivers every byte value unchanged',
    'delivers bytes that are not valid UTF-8',
    'delivers a body of 1 MiB',
  ],
};

const disorderly: BrokenTransport = {
  fault: 'two neighbouring messages are swapped',
  open: (open, listener) => {
    const inner = contained(listener);
    let held: (() => void) | undefined;
    const letGo = () => {
      held?.();
      held = undefined;
    };
    return open({
      message: (message) => {
        if (held) {
          inner.message(message);
          letGo();
        } else {
          held = () => inner.message(message);
          setImmediate(letGo);
        }
      },
      confirmed: (targets) => {
        letGo();
        inner.confirmed(targets);
      },
      released: (targets) => {
        letGo();
        inner.released(targets);
      },
      denied: (targets, sinceMs) => {
        letGo();
        inner.denied(targets, sinceMs);
      },
      resumed: (interruption) => {
        letGo();
        inner.resumed(interruption);
      },
      writable: () => inner.writable(),
      state: (state) => {
        letGo();
        inner.state(state);
      },
      warned: (warning) => inner.warned(warning),
    });
  },
  fails: [
    'delivers the messages of one publish call in order',
    'delivers the messages of many publish calls in order',
    'delivers the messages of one publisher in order across channels',
    'delivers every message to every subscriber',
    'continues when a listener throws',
    'delivers on shard channels, in order',
  ],
};

const undead: BrokenTransport = {
  fault: 'the listener is called after close',
  open: (open, listener) => {
    const transport = open(listener);
    return replace(transport, {
      close: async () => {
        const [held] = transport.subscriptions();
        await transport.close();
        if (held) setImmediate(() => contained(listener).message(late(held.target)));
      },
    });
  },
  fails: ['calls no listener after close'],
};

const greedy: BrokenTransport = {
  fault: 'every claim wins',
  open: (open, listener) => replace(open(listener), { claim: async () => true }),
  fails: [
    'gives a key to the first who claims it',
    'gives a key to one of many who claim it at once',
    'gives a key again when its time is over, and not before',
    'keeps a key after the transport that claimed it is closed',
    'rejects a claim before connect and after close',
  ],
};

const repeating: BrokenTransport = {
  fault: 'the last message of a publish is settled twice',
  open: (open, listener) => {
    const transport = open(listener);
    return replace(transport, {
      publish: (messages, settled) =>
        transport.publish(messages, (index, outcome) => {
          settled(index, outcome);
          if (index === messages.length - 1) settled(index, outcome);
        }),
    });
  },
  fails: ['settles each message of a publish once'],
};

const hasty: BrokenTransport = {
  fault: 'a message is delivered within publish(), to one subscriber after the other',
  broker: () => promptBroker({ inOrder: false }),
  open: (open, listener) => open(listener),
  fails: ['delivers what a listener publishes after the message that it received'],
};

const prompt: BrokenTransport = {
  fault: 'nothing is broken, but a message is delivered within publish()',
  broker: () => promptBroker({ inOrder: true }),
  open: (open, listener) => open(listener),
  fails: [],
};

const linked: BrokenTransport = {
  fault: 'nothing is broken, and it has links',
  hasLinks: true,
  open: (open, listener) => withLinks(open(listener)),
  fails: [],
};

const boastful: BrokenTransport = {
  fault: 'the links are up and answer whatever happens',
  hasLinks: true,
  open: (open, listener) =>
    replace(open(listener), {
      links: () => [{ role: 'only', isUp: true, provedAgoMs: 0 }],
      ping: async () => undefined,
    }),
  fails: [
    'tells of links that are up once it is connected',
    'tells of no link that is up after close',
    'answers a ping, but not before connect and after close',
  ],
};

describe('The conformance suite', () => {
  it.each([control, deaf, textual, disorderly, undead, greedy, repeating, hasty, prompt, linked, boastful])(
    'fails exactly where it has to when $fault',
    async ({ open, fails, hasLinks = false, broker = memoryBroker }) => {
      const factory = memory({ broker: broker() });
      const failed: string[] = [];
      const tests = transportConformance.filter(({ requires }) => hasLinks || !requires?.includes('links'));
      for (const test of tests) {
        const running = test.run({
          open: async (listener) => open((sound) => factory.create(sound), listener),
          capabilities: { shard: true, claim: true, links: hasLinks },
        });
        await running.catch(() => failed.push(test.name));
      }
      expect(failed).toEqual(fails);
    },
    120_000,
  );
});

function late(through: SubscriptionTarget): IncomingMessage {
  return { through, channel: through.name, body: Buffer.from('late') };
}

function withLinks(transport: EventTransport): EventTransport {
  return replace(transport, {
    links: () => [{ role: 'only', isUp: transport.state.status === 'ready', provedAgoMs: 0 }],
    ping: async () => {
      if (transport.state.status === 'closed') throw new BusClosedError();
      if (transport.state.status !== 'ready') throw new NotConnectedError();
    },
  });
}

/** The same transport with some methods replaced. */
function replace(transport: EventTransport, methods: Partial<EventTransport>): EventTransport {
  return new Proxy(transport, {
    get: (target, property) => {
      const value: unknown = Reflect.get(methods, property) ?? Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A listener that may be called from anywhere: some tests have one that throws. */
function contained(listener: TransportListener): TransportListener {
  const contain = (call: () => void) => {
    try {
      call();
    } catch {
      // What the memory transport does too.
    }
  };
  return {
    message: (message) => contain(() => listener.message(message)),
    confirmed: (targets) => contain(() => listener.confirmed(targets)),
    released: (targets) => contain(() => listener.released(targets)),
    denied: (targets, sinceMs) => contain(() => listener.denied(targets, sinceMs)),
    resumed: (interruption) => contain(() => listener.resumed(interruption)),
    writable: () => contain(() => listener.writable()),
    state: (state) => contain(() => listener.state(state)),
    warned: (warning) => contain(() => listener.warned(warning)),
  };
}
