import type { DeadLetter, DeadLetterSink } from '../../libs/event-bus/src/dispatching/dead.letter.js';
import type {
  DispatchReporter,
  SlowEpisode,
} from '../../libs/event-bus/src/dispatching/dispatch.reporter.js';
import type { EventHandler } from '../../libs/event-bus/src/dispatching/event.handler.js';
import type { Claim } from '../../libs/event-bus/src/dispatching/group.claims.js';
import { GroupClaims } from '../../libs/event-bus/src/dispatching/group.claims.js';
import type { HandlerOptions } from '../../libs/event-bus/src/dispatching/handler.options.js';
import { resolveHandlerSettings } from '../../libs/event-bus/src/dispatching/handler.options.js';
import type { QueueServices } from '../../libs/event-bus/src/dispatching/handler.queue.js';
import { CallContext } from '../../libs/event-bus/src/dispatching/call.context.js';
import type { RunningCall } from '../../libs/event-bus/src/dispatching/running.calls.js';
import { StuckWatch } from '../../libs/event-bus/src/dispatching/stuck.watch.js';
import type { Gap } from '../../libs/event-bus/src/gaps/gap.js';
import { reasonOf } from '../../libs/event-bus/src/errors.js';
import { EventContext } from '../../libs/event-bus/src/message/event-context.js';
import { json } from '../../libs/event-bus/src/message/json.codec.js';
import { ReceivedEvent } from '../../libs/event-bus/src/message/received.event.js';

/** Everything that the dispatching of events tells, as lines in the order it was told. */
export class DispatchJournal implements DispatchReporter, DeadLetterSink {
  readonly interest = { timesCalls: false, takes: { received: true } };
  readonly lines: string[] = [];
  readonly letters: { readonly channel: string; readonly letter: DeadLetter }[] = [];
  readonly gaps: Gap[] = [];
  readonly episodes: SlowEpisode[] = [];
  /** Of every event that failed for the last time. */
  readonly errors: unknown[] = [];

  received(): void {
    // Of every message.
  }

  handled(_handler: EventHandler, event: EventContext): void {
    this.lines.push(`handled ${textOf(event.payload)}`);
  }

  failed(_handler: EventHandler, event: EventContext, error: unknown): void {
    this.errors.push(error);
    this.lines.push(`failed ${textOf(event.payload)} ${reasonOf(error)}`);
  }

  repeated(_handler: EventHandler, event: EventContext): void {
    this.lines.push(`repeated ${textOf(event.payload)}`);
  }

  rejected(channel: string, error: Error): void {
    this.errors.push(error);
    this.lines.push(`rejected ${channel} ${error.name}`);
  }

  leftToGroup(): void {
    this.lines.push('left to group');
  }

  slowed(_handler: EventHandler, waitingEvents: number, waitingBytes: number): void {
    this.lines.push(`slowed at ${waitingEvents} events, ${waitingBytes} bytes`);
  }

  dropped(_handler: EventHandler, event: EventContext): void {
    this.lines.push(`dropped ${textOf(event.payload)}`);
  }

  caughtUp(_handler: EventHandler, episode: SlowEpisode): void {
    this.episodes.push(episode);
    this.lines.push(`caught up, ${episode.droppedEvents} dropped`);
  }

  stuck(_handler: EventHandler, { event }: RunningCall, waitingEvents: number): void {
    this.lines.push(`stuck ${textOf(event.payload)}, ${waitingEvents} waiting`);
  }

  unstuck(_handler: EventHandler, event: EventContext): void {
    this.lines.push(`unstuck ${textOf(event.payload)}`);
  }

  async send(channel: string, letter: DeadLetter): Promise<void> {
    this.letters.push({ channel, letter });
    this.lines.push(`letter on ${channel}`);
  }

  /** What a queue needs, all of it written down here. Claims are refused unless a test says otherwise. */
  services(claim: Claim = () => Promise.reject(new Error('no handler here has a group'))): QueueServices {
    return {
      reporter: this,
      deadLetters: this,
      claims: new GroupClaims('', claim),
      gaps: { report: (gap) => void this.gaps.push(gap) },
      watch: new StuckWatch(),
      context: new CallContext(),
    };
  }
}

/** An event as a receiver makes it of JSON. */
export function eventOf(channel: string, payload: unknown): EventContext {
  const message = new ReceivedEvent(channel, Buffer.from(JSON.stringify(payload)), json(), Date.now());
  return new EventContext(message.decode(), undefined, 'default');
}

/** A handler whose calls end when the test says so. */
export class HeldHandler implements EventHandler {
  readonly name = 'Held.handle';
  readonly targets = [];
  readonly settings;
  /** The payloads of the calls that began, in their order. */
  readonly started: string[] = [];
  readonly events: EventContext[] = [];
  private readonly endings: {
    readonly payload: string;
    resolve(): void;
    reject(error: unknown): void;
  }[] = [];

  constructor(options: HandlerOptions = {}) {
    this.settings = resolveHandlerSettings(options);
  }

  /** Of the calls that have not ended. */
  get running(): number {
    return this.endings.length;
  }

  invoke(event: EventContext): Promise<void> {
    const payload = textOf(event.payload);
    this.started.push(payload);
    this.events.push(event);
    return new Promise((resolve, reject) => this.endings.push({ payload, resolve, reject }));
  }

  /** Ends the oldest call with this payload. */
  end(payload: string): void {
    this.take(payload).resolve();
  }

  fail(payload: string, error: unknown): void {
    this.take(payload).reject(error);
  }

  private take(payload: string) {
    const index = this.endings.findIndex((ending) => ending.payload === payload);
    const [ending] = this.endings.splice(index, index < 0 ? 0 : 1);
    if (ending === undefined) throw new Error(`No call with ${payload} is running.`);
    return ending;
  }
}

function textOf(payload: unknown): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}
