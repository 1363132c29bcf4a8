// thread.transport.ts
import { setImmediate } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { BusClosedError, NotConnectedError, RedisGlob, bodyOf, targetKey } from 'nestjs-redis-event-bus';
import type * as bus from 'nestjs-redis-event-bus';

/** Events travel between the threads of this process, to all that name the same room. */
export function threads(room: string): bus.TransportFactory {
  return { name: 'threads', problems: [], create: (listener) => new ThreadTransport(room, listener) };
}

interface Held extends bus.SubscriptionInfo {
  readonly matches: (channel: string) => boolean;
}

class ThreadTransport implements bus.EventTransport {
  readonly name = 'threads';
  readonly capabilities = { shard: false };
  state: bus.TransportState = { status: 'connecting' };
  private readonly held = new Map<string, Held>();
  /** One end does not hear itself: what the first posts, the second lets this bus hear as well. */
  private ends: readonly BroadcastChannel[] = [];
  private settleLink!: () => void;
  private readonly linked = new Promise<void>((resolve) => (this.settleLink = resolve));

  constructor(
    readonly address: string,
    private readonly listener: bus.TransportListener,
  ) {}

  async connect(): Promise<void> {
    await setImmediate();
    if (this.state.status === 'closed') throw new BusClosedError();
    if (this.state.status === 'ready') return;
    this.ends = [new BroadcastChannel(this.address), new BroadcastChannel(this.address)];
    this.ends[1]!.onmessage = (event) =>
      this.deliver((event as { data: { channel: string; body: string } }).data);
    this.moveTo('ready');
    this.tell((listener) => listener.writable());
  }

  async publish(messages: readonly bus.OutgoingMessage[], settled: bus.SettledListener): Promise<void> {
    const outcomes = messages.map((message) => this.post(message));
    await setImmediate(); // Who publishes and awaits in a loop must let messages in.
    outcomes.forEach((outcome, index) => settled(index, outcome));
  }

  async subscribe(targets: readonly bus.SubscriptionTarget[]): Promise<readonly bus.SubscribeOutcome[]> {
    for (const target of targets) {
      const { kind, name } = target;
      const glob = kind === 'pattern' ? new RedisGlob(name) : undefined;
      const matches = (channel: string) => glob?.matches(channel) ?? channel === name;
      if (!this.held.has(targetKey(target)))
        this.held.set(targetKey(target), { target, state: 'wanted', matches });
    }
    if (this.state.status === 'connecting') await this.linked;
    if (this.state.status === 'closed')
      return targets.map((target) => ({ target, error: new BusClosedError() }));
    const fresh = [...this.held].filter(([, { state }]) => state === 'wanted');
    for (const [key, one] of fresh) this.held.set(key, { ...one, state: 'active' });
    if (fresh.length > 0) this.tell((listener) => listener.confirmed(fresh.map(([, { target }]) => target)));
    return targets.map((target) => ({ target }));
  }

  async unsubscribe(targets: readonly bus.SubscriptionTarget[]): Promise<void> {
    const released = targets.filter((target) => {
      const { state } = this.held.get(targetKey(target)) ?? {};
      return this.held.delete(targetKey(target)) && state === 'active';
    });
    if (released.length > 0) this.tell((listener) => listener.released(released));
  }

  subscriptions(): readonly bus.SubscriptionInfo[] {
    return [...this.held.values()].map(({ target, state }) => ({ target, state }));
  }

  async close(): Promise<void> {
    for (const end of this.ends) end.close();
    this.held.clear();
    this.moveTo('closed');
  }

  private post(message: bus.OutgoingMessage): bus.PublishOutcome {
    if (this.state.status === 'closed') return { error: new BusClosedError() };
    if (this.state.status !== 'ready') return { error: new NotConnectedError() };
    try {
      this.ends[0]!.postMessage({ channel: message.channel, body: bodyOf(message) });
      return { subscriptions: 0 }; // Nobody knows how many there are.
    } catch (error) {
      return { error: error as Error };
    }
  }

  private deliver({ channel, body }: { readonly channel: string; readonly body: string }): void {
    const held = [...this.held.values()]; // A listener may change it.
    for (const { target: through, state, matches } of held) {
      if (state !== 'active' || !matches(channel)) continue;
      this.tell((listener) => listener.message({ through, channel, body: Buffer.from(body) }));
    }
  }

  private moveTo(status: 'ready' | 'closed'): void {
    if (this.state.status === status) return;
    this.state = { status };
    this.settleLink();
    this.tell((listener) => listener.state({ status }));
  }

  private tell(call: (listener: bus.TransportListener) => void): void {
    try {
      call(this.listener);
    } catch {
      // It must not throw; if it does, the transport goes on.
    }
  }
}
