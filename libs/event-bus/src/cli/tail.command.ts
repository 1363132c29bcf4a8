import { withDeadline } from '../deadline.js';
import type { HandlerTarget } from '../routing/handler-target.js';
import { targetKey } from '../routing/subscription-target.js';
import type { EventTransport, IncomingMessage, SubscriptionTarget } from '../transports/event.transport.js';
import type { Command, CommandCall } from './command.js';
import { eventJson, eventText, gapJson, gapText } from './event.lines.js';
import { EXIT_CODES } from './exit.codes.js';
import type { ExitCode } from './exit.codes.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import type { Heard } from './opened.transport.js';
import type { Terminal } from './terminal.js';
import { withTransport } from './opened.transport.js';
import { readTargets } from './target.arguments.js';
import { UsageError } from './usage.error.js';

export const tailCommand: Command = {
  name: 'tail',
  summary: 'Shows events as they arrive.',
  args: '<target>...',
  options: { shard: { type: 'boolean', text: 'The targets are shard channels (SSUBSCRIBE).' } },
  help: [
    'Shows the time, the channel and the payload of each event, one a line, until Ctrl-C. A target is a channel, a\nRedis glob (orders:*, in quotes) or a template (orders:<id>:paid). A gap says that events may be missing.',
  ],
  examples: [`tail 'orders:*'`, `tail 'orders:*' payments:failed --json`],
  run: tail,
};

async function tail({ values, args, server, terminal }: CommandCall): Promise<ExitCode> {
  const { prefix } = server;
  if (args.length === 0) throw new UsageError("tail takes at least one target. Write tail 'orders:*'.");
  const targets = readTargets(args, prefix, values['shard'] === true);
  const heard = hearing(targets, values['json'] === true, prefix, terminal);
  const listening = withTransport(server, terminal, heard, async (transport) => {
    await withDeadline(subscribe(transport, targets), server.timeoutMs, () => {
      return new Error(`Redis did not confirm the subscriptions within ${server.timeoutMs} ms.`);
    });
    const texts = targets.map(({ text }) => text).join(', ');
    terminal.note(`Listening to ${texts} on ${transport.address}. Ctrl-C ends it.`);
    await terminal.ended();
  });
  await listening.catch((error: unknown) => {
    // Ctrl-C while it connects is no failure either.
    if (!terminal.signal.aborted) throw error;
  });
  return EXIT_CODES.success;
}

/** What arrives, line by line. */
function hearing(
  targets: readonly HandlerTarget[],
  isJson: boolean,
  prefix: ChannelPrefix,
  terminal: Terminal,
): Heard {
  const [event, gap] = isJson ? [eventJson, gapJson] : [eventText, gapText];
  let isDenied = false;
  return {
    message: (message) => {
      if (isFirst(message, targets)) terminal.print(event(message, prefix.strip(message.channel)));
    },
    denied: (denied, sinceMs) => {
      // A target that was never active fails the start, and a later attempt says nothing new.
      if (sinceMs === undefined || isDenied) return;
      isDenied = true;
      const texts = textsOf(denied, targets).join(', ');
      terminal.note(`Redis denies ${texts}, trying again. Check the rules of the user in its ACL.`);
    },
    resumed: (interruption) => {
      isDenied = false;
      terminal.print(gap(interruption, textsOf(interruption.targets, targets)));
    },
  };
}

async function subscribe(transport: EventTransport, targets: readonly HandlerTarget[]): Promise<void> {
  const outcomes = await transport.subscribe(targets.map(({ subscription }) => subscription));
  const refused = outcomes.find(({ error }) => error !== undefined);
  if (refused?.error !== undefined) throw refused.error;
}

/** Redis sends an event once for each subscription that matches: only the first one shows it. */
function isFirst({ channel, through }: IncomingMessage, targets: readonly HandlerTarget[]): boolean {
  const first = targets.find((target) => target.matches(channel));
  return first !== undefined && targetKey(first.subscription) === targetKey(through);
}

/** As they were written, without the prefix. */
function textsOf(some: readonly SubscriptionTarget[], targets: readonly HandlerTarget[]): readonly string[] {
  const keys = new Set(some.map(targetKey));
  return targets.filter(({ subscription }) => keys.has(targetKey(subscription))).map(({ text }) => text);
}
