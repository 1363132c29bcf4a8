import { withDeadline } from '../deadline.js';
import { InvalidOptionError, NotConnectedError, NotSupportedError } from '../errors.js';
import type { ChannelPrefix } from '../routing/channel-prefix.js';
import { nameProblem } from '../routing/name.problem.js';
import type { EventTransport, InspectionQuery, InspectionResult } from '../transports/event.transport.js';

const ANSWER_TIMEOUT_MS = 5_000;

/** Asks the broker which subscriptions exist. Channel names are passed and returned without the prefix. */
export class BrokerQuestions {
  constructor(
    private readonly transport: Pick<EventTransport, 'name' | 'inspect' | 'ping'>,
    private readonly prefix: ChannelPrefix,
  ) {}

  /** Channels that have subscribers and match the glob. */
  async channels(query: 'channels' | 'shardChannels', pattern: string): Promise<string[]> {
    checkName('pattern', pattern);
    const { channels = [] } = await this.ask({ query, pattern: this.prefix.addToPattern(pattern) });
    return channels.map((channel) => this.prefix.strip(channel));
  }

  /** How many subscribers each of the channels has. */
  async counts(
    query: 'subscriberCounts' | 'shardSubscriberCounts',
    channels: readonly string[],
  ): Promise<Map<string, number>> {
    for (const channel of channels) checkName('channels', channel);
    const { prefix } = this;
    const named = channels.map((channel) => prefix.addToChannel(channel));
    const { counts } = await this.ask({ query, channels: named });
    return new Map(channels.map((channel) => [channel, counts?.get(prefix.addToChannel(channel)) ?? 0]));
  }

  /** How many distinct patterns are subscribed to. */
  async patternCount(): Promise<number> {
    return (await this.ask({ query: 'patternCount' })).total ?? 0;
  }

  /** Whether it answers at all. */
  ping(): Promise<void> {
    const { name, ping } = this.transport;
    if (ping === undefined)
      throw new NotSupportedError(`The ${name} transport cannot be asked (it has no ping()).`);
    return withDeadline(ping.call(this.transport), ANSWER_TIMEOUT_MS, late);
  }

  private ask(query: InspectionQuery): Promise<InspectionResult> {
    const { name, inspect } = this.transport;
    if (inspect === undefined) {
      throw new NotSupportedError(
        `The ${name} transport cannot list subscribers (it has no inspect()). Use snapshot() for this process.`,
      );
    }
    return withDeadline(inspect.call(this.transport, query), ANSWER_TIMEOUT_MS, late);
  }
}

const late = () => new NotConnectedError(`no answer within ${ANSWER_TIMEOUT_MS} ms`);

/** @throws InvalidOptionError when the broker cannot have such a name. */
function checkName(option: string, name: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new InvalidOptionError(option, problem);
}
