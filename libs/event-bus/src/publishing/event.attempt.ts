import { propertyOf, textOf } from '../foreign.js';
import type { EventHeaders } from '../message/event.codec.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { PublishHooks } from '../observing/publish.hooks.js';
import type { EventPreparer, PreparedEvent } from './event.preparer.js';
import type { Settle } from './publish.call.js';
import type { EventToPublish } from './publish.options.js';

/** An event that is ready to leave, or why it cannot. */
export type Attempt = (PreparedEvent | { readonly error: Error }) & {
  /** Of an observer that waits for the outcome. */
  readonly hooked?: Settle;
};

/** Whether an asynchronous schema has yet to accept the payload. */
export function isPending(attempt: Attempt): boolean {
  return 'checked' in attempt;
}

/** What becomes of it then. Never rejects. */
export async function whenChecked(attempt: Attempt): Promise<Attempt> {
  try {
    if ('checked' in attempt) await attempt.checked;
    return attempt;
  } catch (error) {
    return { ...attempt, error: error as Error };
  }
}

/** Prepares events within what observers put around a publish. No call throws. */
export class EventAttempts {
  constructor(
    private readonly preparer: EventPreparer,
    private readonly carriesMetadata: boolean,
    private readonly hooks: PublishHooks,
    private readonly reporter: BusReporter,
  ) {}

  /** @param batchSize how many events the call publishes */
  prepare(event: EventToPublish, batchSize: number): Attempt {
    if (this.hooks.isEmpty) return this.attempt(event);
    const to = propertyOf(event, 'channel');
    const channel = textOf(propertyOf(to, 'template') ?? to);
    const { carriesMetadata } = this;
    const { prepared, settled } = this.hooks.prepare({ channel, carriesMetadata, batchSize }, (added) =>
      added === undefined ? this.attempt(event) : this.attemptWith(added, event),
    );
    return { ...prepared, hooked: settled };
  }

  /** Headers that the codec refuses are no reason not to publish. */
  private attemptWith(added: EventHeaders, event: EventToPublish): Attempt {
    const attempt = this.attempt({ ...event, headers: { ...added, ...event.headers } });
    if (!('error' in attempt)) return attempt;
    const plain = this.attempt(event);
    if (!('error' in plain)) this.reporter.listenerFailed('aroundPublish', attempt.error);
    return plain;
  }

  private attempt(event: EventToPublish): Attempt {
    try {
      return this.preparer.prepare(event.channel, event.payload, event);
    } catch (error) {
      return { error: error as Error };
    }
  }
}
