import type {
  ContractDescription,
  EventBusDescription,
  HandlerDescription,
  TargetDescription,
} from '../introspection/bus.description.js';
import type { AsyncApiOperation, AsyncApiReference } from './asyncapi.document.js';
import type { BusChannels } from './bus.channels.js';
import { channelAt } from './channel.table.js';
import type { MessageTable } from './message.table.js';
import type { OperationTable } from './operation.table.js';

/** What a document says of one bus: receives for its handlers, sends for what is published and for dead letters. */
export class BusSection {
  constructor(
    private readonly bus: EventBusDescription,
    private readonly channels: BusChannels,
    private readonly messages: MessageTable,
    private readonly operations: OperationTable,
  ) {}

  add(published: readonly ContractDescription[]): void {
    const { bus, channels, messages } = this;
    // Listeners come and go.
    for (const handler of bus.handlers.filter(({ isListener }) => !isListener)) this.addHandler(handler);
    for (const contract of published) this.addPublished(contract);
    for (const contract of bus.contracts) this.addContract(contract);
    for (const id of channels.silent) channels.addMessage(id, messages.any());
  }

  private addHandler(description: HandlerDescription): void {
    const { handler, targets, replySuffix, options } = description;
    for (const target of targets) {
      if (replySuffix === undefined) this.addReceive(description, target);
      else this.addResponder(description, target, replySuffix);
    }
    if (options.deadLetter !== false) this.addDeadLetter(handler, options.deadLetter);
  }

  private addReceive({ handler, targets, options }: HandlerDescription, target: TargetDescription): void {
    const channel = this.channels.ofTarget(target);
    this.operations.add(targets.length === 1 ? handler : `${handler}.${channel}`, {
      action: 'receive',
      channel: channelAt(channel),
      title: handler,
      ...this.messagesOf(channel, target),
      'x-event-bus': { handler, target: target.target, ...this.ofBus, ...options },
    });
  }

  /** All patterns of requests are one handler, so that each request has one answer. */
  private addResponder(
    { handler, options }: HandlerDescription,
    target: TargetDescription,
    replySuffix: string,
  ): void {
    const { channels, messages } = this;
    const channel = channels.ofTarget(target);
    const replies = channels.ofReplies(target, replySuffix);
    this.operations.add(`${handler}.${channel}`, {
      action: 'receive',
      channel: channelAt(channel),
      title: `${handler} ${target.target}`,
      messages: [channels.addMessage(channel, messages.request())],
      reply: {
        channel: channelAt(replies),
        messages: [channels.addMessage(replies, messages.reply())],
      },
      'x-event-bus': { handler, target: target.target, ...this.ofBus, ...options },
    });
  }

  /** A target without a contract takes every message of its channel. */
  private messagesOf(channel: string, { contract }: TargetDescription): Pick<AsyncApiOperation, 'messages'> {
    return contract === undefined ? {} : { messages: [this.addContract(contract, channel)] };
  }

  private addContract(
    contract: ContractDescription,
    channel = this.channels.ofContract(contract),
  ): AsyncApiReference {
    return this.channels.addMessage(channel, this.messages.ofContract(contract));
  }

  private addPublished(contract: ContractDescription): void {
    const channel = this.channels.ofContract(contract);
    this.operations.add(`publish.${channel}`, {
      action: 'send',
      channel: channelAt(channel),
      title: `Publishes ${contract.template}`,
      messages: [this.addContract(contract, channel)],
      'x-event-bus': { contract: contract.template, ...this.ofBus },
    });
  }

  private addDeadLetter(handler: string, deadLetter: string): void {
    const channel = this.channels.ofName(deadLetter);
    this.operations.add(`${handler}.deadLetter`, {
      action: 'send',
      channel: channelAt(channel),
      title: `Dead letters of ${handler}`,
      messages: [this.channels.addMessage(channel, this.messages.deadLetter())],
      'x-event-bus': { deadLetterOf: handler, ...this.ofBus },
    });
  }

  private get ofBus(): { readonly bus: string } {
    return { bus: this.bus.bus };
  }
}
