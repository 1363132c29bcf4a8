import type { EventHandler } from '../dispatching/event.handler.js';
import { NotSupportedError, StartupError, reasonOf } from '../errors.js';
import type { KeyspaceOptions } from '../module/event-bus.options.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import { flagsFor, mergedFlags, missingFlags } from './keyspace.flags.js';
import type { EventTransport, KeyspaceFlags } from '../transports/event.transport.js';

const NOTIFICATIONS = /^__key(event|space)@[^:]*__:(.+)$/s;

/** Checks whether the servers publish the key events that handlers listen to, because Redis publishes none by default. */
export class KeyspaceCheck {
  constructor(
    private readonly transport: EventTransport,
    private readonly reporter: BusReporter,
    private readonly ensure: Required<KeyspaceOptions>['ensure'],
  ) {}

  /**
   * @throws StartupError when the flags could not be set.
   * @throws NotSupportedError when the transport delivers no key events.
   */
  async run(handlers: readonly EventHandler[]): Promise<void> {
    const needed = neededFlags(handlers);
    if (needed === '' || this.ensure === 'off') return;
    const { name, keyspace } = this.transport;
    if (keyspace === undefined) {
      throw new NotSupportedError(
        `Handlers listen to key events, but the ${name} transport has none. Remove @OnKeyEvent, or write keyspace: { ensure: 'off' } if the transport delivers them anyway.`,
      );
    }
    let lacking: readonly KeyspaceFlags[];
    try {
      lacking = (await keyspace.read()).filter(({ flags }) => missingFlags(flags, needed) !== '');
      if (lacking.length === 0) return;
      if (this.ensure === 'check') return this.warn(lacking, needed);
      for (const { node, flags } of lacking)
        await keyspace.write({ node, flags: mergedFlags(flags, needed) });
    } catch (error) {
      if (this.ensure === 'check') return this.warnUnknown(needed, error);
      throw new StartupError(
        `keyspace: { ensure: 'set' } could not set notify-keyspace-events: ${reasonOf(error)}. Run CONFIG SET notify-keyspace-events ${needed} yourself, and write ensure: 'check'.`,
        { cause: error },
      );
    }
    const nodes = lacking.map(({ node }) => node);
    const sentence = 'notify-keyspace-events was set';
    this.reporter.noted({ level: 'log', sentence, fields: { flags: needed, nodes } });
  }

  /** For a server that does not allow reading its flags. */
  warnUnknown(needed: string, error: unknown): void {
    this.reporter.warned({
      sentence: 'Cannot check whether Redis publishes the key events that handlers listen to',
      fields: { needed, reason: reasonOf(error) },
      advice: "If it does, write keyspace: { ensure: 'off' }.",
    });
  }

  private warn(lacking: readonly KeyspaceFlags[], needed: string): void {
    const [first] = lacking as [KeyspaceFlags];
    const missing = new Set(lacking.flatMap(({ flags }) => missingFlags(flags, needed).split('')));
    this.reporter.warned({
      sentence: 'Redis does not publish the key events that handlers listen to',
      fields: { missing: [...missing].join(''), nodes: lacking.map(({ node }) => node) },
      advice: `Run CONFIG SET notify-keyspace-events ${mergedFlags(first.flags, needed)}, or write keyspace: { ensure: 'set' }.`,
    });
  }
}

/** Empty when no handler listens to keyspace notifications. */
function neededFlags(handlers: readonly EventHandler[]): string {
  const flags = new Set<string>();
  for (const { targets } of handlers) {
    for (const { subscription } of targets) {
      const [, type, event] = NOTIFICATIONS.exec(subscription.name) ?? [];
      if (type === undefined || event === undefined) continue;
      // A __keyspace@ channel names the key: any event may arrive on it.
      for (const flag of type === 'space' ? 'KA' : flagsFor([event])) flags.add(flag);
    }
  }
  return [...flags].join('');
}
