import type {
  IncomingMessage,
  Interruption,
  SubscriptionTarget,
  TransportListener,
  TransportState,
  TransportWarning,
} from '../transports/event.transport.js';
import { quote } from '../errors.js';
import { within } from './deadline.js';

/** One call of a listener, in call order. */
export type ListenerCall =
  | ({ readonly call: 'message' } & IncomingMessage)
  | { readonly call: 'confirmed' | 'released' | 'denied'; readonly targets: readonly SubscriptionTarget[] }
  | { readonly call: 'resumed'; readonly interruption: Interruption }
  | { readonly call: 'writable' }
  | { readonly call: 'state'; readonly state: TransportState }
  | { readonly call: 'warned'; readonly warning: TransportWarning };

/** A listener that records every call. Tests can wait for its calls. */
export class ListenerRecord implements TransportListener {
  readonly calls: ListenerCall[] = [];
  private readonly waiting = new Set<() => void>();

  message(message: IncomingMessage): void {
    this.add({ call: 'message', ...message });
  }

  confirmed(targets: readonly SubscriptionTarget[]): void {
    this.add({ call: 'confirmed', targets });
  }

  released(targets: readonly SubscriptionTarget[]): void {
    this.add({ call: 'released', targets });
  }

  denied(targets: readonly SubscriptionTarget[]): void {
    this.add({ call: 'denied', targets });
  }

  resumed(interruption: Interruption): void {
    this.add({ call: 'resumed', interruption });
  }

  writable(): void {
    this.add({ call: 'writable' });
  }

  state(state: TransportState): void {
    this.add({ call: 'state', state });
  }

  warned(warning: TransportWarning): void {
    this.add({ call: 'warned', warning });
  }

  get messages(): readonly IncomingMessage[] {
    return this.calls.filter((call) => call.call === 'message');
  }

  get states(): readonly TransportState[] {
    return this.calls.flatMap((call) => (call.call === 'state' ? [call.state] : []));
  }

  /** How often a target was confirmed or released. */
  count(call: 'confirmed' | 'released', { kind, name }: SubscriptionTarget): number {
    return this.calls
      .flatMap((made) => (made.call === call ? made.targets : []))
      .filter((target) => target.kind === kind && target.name === name).length;
  }

  /** Resolves as soon as the calls make the condition true; rejects with what is missing and the calls so far. */
  async until(missing: string, isTrue: () => boolean): Promise<void> {
    if (isTrue()) return;
    let check!: () => void;
    const come = new Promise<void>((resolve) => {
      check = () => {
        if (isTrue()) resolve();
      };
    });
    this.waiting.add(check);
    try {
      await within(() => `${missing}; so far: ${this.summary}`, come);
    } finally {
      this.waiting.delete(check);
    }
  }

  private add(call: ListenerCall): void {
    this.calls.push(call);
    for (const check of this.waiting) check();
  }

  private get summary(): string {
    const latest = this.calls.slice(-5).map((call) => {
      if (call.call === 'message') return `message on ${quote(call.channel)}`;
      if (call.call === 'state') return `state ${call.state.status}`;
      return 'targets' in call ? `${call.call} ${call.targets.length}` : call.call;
    });
    return `${this.calls.length} calls${latest.length > 0 ? `, the latest: ${latest.join(', ')}` : ''}`;
  }
}
