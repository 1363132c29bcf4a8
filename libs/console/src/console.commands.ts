import type { EventBusPublisher, EventBusSubscriber, Subscription } from 'nestjs-redis-event-bus';
import {
  EventBusError,
  InvalidChannelError,
  InvalidOptionError,
  InvalidTargetError,
  PayloadEncodeError,
  PayloadTooLargeError,
} from 'nestjs-redis-event-bus';
import type { TailLog } from './picture/tail.log.js';

/** What a form is answered with. */
export interface FormAnswer {
  readonly status: 200 | 400 | 409 | 413;
  readonly message: string;
}

const MAX_PAYLOAD_BYTES = 65_536;
const MAX_TARGET = 1_000;
const WRONG_INPUT = [InvalidChannelError, InvalidTargetError, InvalidOptionError, PayloadEncodeError];

/** What the forms of the page do, with the messages of the library. */
export class ConsoleCommands {
  private listening: Subscription | undefined;
  /** Two who change the target at once do so one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly publisher: EventBusPublisher,
    private readonly subscriber: EventBusSubscriber,
    private readonly tail: Pick<TailLog, 'heard'>,
  ) {}

  async publish(body: unknown): Promise<FormAnswer> {
    const { channel, payload } = fieldsOf(body);
    if (typeof channel !== 'string' || typeof payload !== 'string') {
      return { status: 400, message: 'Send {"channel": "orders:created", "payload": "{…}"}.' };
    }
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
      return { status: 413, message: `The payload is larger than ${MAX_PAYLOAD_BYTES} bytes.` };
    }
    const parsed = parse(payload);
    if (parsed === undefined) return { status: 400, message: 'The payload is no JSON.' };
    return answered(async () => {
      const count = await this.publisher.publish(channel, parsed.value);
      return count === 0 ? 'Published. It reached nobody.' : `Published. It reached ${subscriptions(count)}.`;
    });
  }

  /** One target at a time, for all who look. Without a target it ends. */
  async listen(body: unknown): Promise<FormAnswer> {
    const { target } = fieldsOf(body);
    if (typeof target !== 'string' || target.length > MAX_TARGET) {
      return { status: 400, message: 'Send {"target": "orders:*"}.' };
    }
    return answered(() => this.inTurn(() => this.change(target)));
  }

  async stop(): Promise<void> {
    await this.inTurn(() => this.change(''));
  }

  private async change(target: string): Promise<string> {
    const { listening } = this;
    this.listening = undefined;
    await listening?.unsubscribe();
    if (target === '') return 'Not listening.';
    this.listening = await this.subscriber.subscribe(target, (payload, event) =>
      this.tail.heard(payload, event),
    );
    return `Listening on ${target}.`;
  }

  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.turn.then(run);
    this.turn = done.catch(() => undefined);
    return done;
  }
}

async function answered(run: () => Promise<string>): Promise<FormAnswer> {
  try {
    return { status: 200, message: await run() };
  } catch (error) {
    if (!(error instanceof EventBusError)) throw error;
    if (error instanceof PayloadTooLargeError) return { status: 413, message: error.message };
    const isWrong = WRONG_INPUT.some((type) => error instanceof type);
    return { status: isWrong ? 400 : 409, message: error.message };
  }
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function subscriptions(count: number): string {
  return count === 1 ? '1 subscription' : `${count} subscriptions`;
}
