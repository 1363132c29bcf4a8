import { withDeadline } from '../deadline.js';
import { reportTarget } from '../routing/report.channel.js';
import { HELLO_EVERY_MS, REPORT_EVERY_MS } from '../reporting/report.js';
import type { EventTransport } from '../transports/event.transport.js';
import type { Command, CommandCall } from './command.js';
import { EXIT_CODES } from './exit.codes.js';
import type { ExitCode } from './exit.codes.js';
import { readMilliseconds } from './millisecond.argument.js';
import { withTransport } from './opened.transport.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage.error.js';
import { InstanceList } from './watch/instance.list.js';
import type { WatchView } from './watch/watch.view.js';
import { viewOf } from './watch/watch.view.js';

/** Each service says hello in this time, counts the listener, and reports twice, which makes a rate. */
const ONCE_AFTER_MS = HELLO_EVERY_MS + 3 * REPORT_EVERY_MS;

export const watchCommand: Command = {
  name: 'watch',
  summary: 'Shows the instances of all services, with rates and gaps.',
  args: '',
  options: {
    once: { type: 'boolean', text: 'Listen for a while, show the table once, and end.' },
    'listen-ms': {
      type: 'string',
      value: '<ms>',
      text: `How long --once listens, in milliseconds. Default: ${ONCE_AFTER_MS}.`,
    },
  },
  help: [
    'Shows every second what services report that import EventBusReportingModule: a table that is drawn again on a\nscreen, and lines where the output is a file or a pipe. A service is found within five seconds.',
    'An instance is silent when three of its messages did not come, and gone a minute later or when it was shut down.',
  ],
  examples: ['watch', 'watch --once --json', 'watch --prefix shop: --cluster'],
  run: watch,
};

async function watch({ values, args, server, terminal }: CommandCall): Promise<ExitCode> {
  if (args.length > 0) throw new UsageError('watch takes no arguments. Write --url redis://host:6379.');
  const listenMs = readMilliseconds(values, 'listen-ms', ONCE_AFTER_MS);
  const list = new InstanceList();
  const view = viewOf(list, terminal, values['json'] === true);
  const isOnce = values['once'] === true;
  const { directory } = list;
  const heard = {
    message: ({ body }: { readonly body: string | Buffer }) => {
      for (const gap of list.take(body)) view.gap(gap);
    },
    confirmed: () => directory.linkRestored(),
    released: () => directory.linkLost(),
  };
  const watching = withTransport(server, terminal, heard, async (transport) => {
    await withDeadline(subscribe(transport, server.prefix.prefix), server.timeoutMs, () => {
      return new Error(`Redis did not confirm the subscription within ${server.timeoutMs} ms.`);
    });
    terminal.note(`Listening to reports on ${transport.address}.`);
    await (isOnce ? endsAfter(listenMs, terminal) : drawing(view, terminal));
    if (isOnce) view.draw();
  });
  await watching.catch((error: unknown) => {
    // Ctrl-C while it connects is no failure either.
    if (!terminal.signal.aborted) throw error;
  });
  return EXIT_CODES.success;
}

async function subscribe(transport: EventTransport, prefix: string): Promise<void> {
  const [outcome] = await transport.subscribe([reportTarget(prefix, transport.name)]);
  if (outcome?.error !== undefined) throw outcome.error;
}

/** Until Ctrl-C. */
async function drawing(view: WatchView, terminal: Terminal): Promise<void> {
  const timer = setInterval(() => view.draw(), REPORT_EVERY_MS);
  view.draw();
  await terminal.ended();
  clearInterval(timer);
}

/** Or at Ctrl-C, if that is earlier. */
async function endsAfter(ms: number, terminal: Terminal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([passed, terminal.ended()]);
  clearTimeout(timer);
}
