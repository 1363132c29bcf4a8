import { withDeadline } from '../deadline.js';
import { publishProblem } from '../routing/channel-prefix.js';
import type { OutgoingMessage, PublishOutcome } from '../transports/event.transport.js';
import type { Command, CommandCall } from './command.js';
import { EXIT_CODES } from './exit.codes.js';
import type { ExitCode } from './exit.codes.js';
import { withTransport } from './opened.transport.js';
import { UsageError } from './usage.error.js';

export const publishCommand: Command = {
  name: 'publish',
  summary: 'Publishes one event.',
  args: '<channel> <body>',
  options: {
    raw: { type: 'boolean', text: 'Send the body as it is, without checking that it is JSON.' },
    shard: { type: 'boolean', text: 'Publish with SPUBLISH, to subscriptions of kind shard.' },
  },
  help: [
    'Publishes the body, which is JSON text, and prints how many subscriptions Redis counts: a hint, and on a\nCluster only those of one node. The body - is read from stdin.',
    'The body is sent as it is written: for services with cloudEvents(), write the whole CloudEvent.',
  ],
  examples: [`publish orders:created '{"id":"o-1"}'`, 'publish orders:created - < order.json'],
  run: publish,
};

async function publish(call: CommandCall): Promise<ExitCode> {
  const { values, server, terminal } = call;
  const { channel, body } = await readEvent(call);
  const kind = values['shard'] === true ? 'shard' : 'channel';
  const subscriptions = await withTransport(server, terminal, {}, async (transport) => {
    const message = { kind, channel: server.prefix.addToChannel(channel), body } as const;
    const sent = outcomeOf((settled) => transport.publish([message], (_index, outcome) => settled(outcome)));
    const outcome = await withDeadline(sent, server.timeoutMs, () => unconfirmed(server.timeoutMs));
    if ('error' in outcome) throw outcome.error;
    return outcome.subscriptions;
  });
  const text = `${channel}: ${subscriptions} ${subscriptions === 1 ? 'subscription' : 'subscriptions'}`;
  terminal.print(values['json'] === true ? JSON.stringify({ channel, subscriptions }) : text);
  return EXIT_CODES.success;
}

function outcomeOf(send: (settled: (outcome: PublishOutcome) => void) => unknown): Promise<PublishOutcome> {
  return new Promise((resolve) => {
    send(resolve);
  });
}

function unconfirmed(timeoutMs: number): Error {
  return new Error(
    `No reply to the publish within ${timeoutMs} ms: the event may have been delivered. Check the connection, or raise --timeout-ms.`,
  );
}

async function readEvent({
  args,
  values,
  terminal,
}: CommandCall): Promise<Pick<OutgoingMessage, 'channel'> & { body: Buffer }> {
  const [channel, text, ...others] = args;
  if (channel === undefined || text === undefined || others.length > 0) {
    throw new UsageError(
      `publish takes a channel and a body. Write publish orders:created '{"id":"o-1"}', with the body in quotes.`,
    );
  }
  const problem = publishProblem(channel);
  if (problem !== undefined) throw new UsageError(`The channel cannot be published to: ${problem}`);
  const body = text === '-' ? await terminal.readInput() : Buffer.from(text);
  if (values['raw'] !== true) checkJson(body);
  return { channel, body };
}

function checkJson(body: Buffer): void {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new UsageError(
      `The body is not JSON. Write text in double quotes, as in '"text"', or add --raw to send it as it is.`,
    );
  }
}
