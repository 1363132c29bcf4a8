import type { OutgoingMessage } from '../../libs/event-bus/src/transports/event.transport.js';
import type { MemoryBroker } from '../../libs/event-bus/src/transports/memory/memory.broker.js';
import { memoryBroker } from '../../libs/event-bus/src/transports/memory/memory.broker.js';

/**
 * A broker that delivers within the call that publishes. In order, as a sound one does: what is published by whoever gets a
 * message comes behind that message for everybody. Otherwise one receiver after the other, however deep.
 */
export function promptBroker({ inOrder }: { readonly inOrder: boolean }): MemoryBroker {
  const broker = memoryBroker();
  const queue = new PromptQueue();
  const publish = broker.publish.bind(broker);
  return Object.assign(broker, {
    queue,
    publish: inOrder ? (message: OutgoingMessage) => queue.together(() => publish(message)) : publish,
  });
}

class PromptQueue {
  readonly isIdle = true;
  private tasks: (() => void)[] | undefined;

  /** At once, or behind what is being delivered in order. */
  add(task: () => void): void {
    if (this.tasks === undefined) task();
    else this.tasks.push(task);
  }

  /** What is added within the call is delivered behind it, in order, and so is what that causes. */
  together<T>(add: () => T): T {
    if (this.tasks !== undefined) return add();
    this.tasks = [];
    const result = add();
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) task();
    this.tasks = undefined;
    return result;
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.add(resolve));
  }

  async whenIdle(): Promise<void> {}
}
