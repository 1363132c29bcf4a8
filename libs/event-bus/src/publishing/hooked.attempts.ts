import { propertyOf, textOf } from '../foreign.js';
import { isObject } from '../option.checks.js';
import type { EventContext } from '../message/event-context.js';
import type { EventHeaders } from '../message/event.codec.js';
import type { BusReporter } from '../observing/bus.reporter.js';
import type { ObservedPublish } from '../observing/event-bus.observer.js';
import type { Writable } from '../observing/hooked.publish.js';
import type { PublishHooks } from '../observing/publish.hooks.js';
import type { Attempt, EventPreparer } from './event.preparer.js';
import type { EventToPublish } from './publish.options.js';
import { DEAD_LETTER_OF } from './publish.options.js';

/** Resolves after an asynchronous schema has accepted or rejected the payload. Never rejects. */
export async function whenChecked(attempt: Attempt): Promise<Attempt> {
  try {
    if ('checked' in attempt) await attempt.checked;
    return attempt;
  } catch (error) {
    return { ...attempt, error: error as Error };
  }
}

/** One `publishMany`. */
export interface EventBatch {
  /** How many events it publishes. */
  readonly size: number;
}

/** Prepares events within the `aroundPublish` hooks of observers. Never throws. */
export class HookedAttempts {
  constructor(
    private readonly preparer: EventPreparer,
    private readonly carriesMetadata: boolean,
    private readonly hooks: PublishHooks,
    private readonly reporter: BusReporter,
  ) {}

  /** @param batch the `publishMany` that it belongs to */
  prepare(event: EventToPublish, batch?: EventBatch): Attempt {
    const to = propertyOf(event, 'channel');
    const template = propertyOf(to, 'template');
    const channel = textOf(template ?? to);
    const { bus } = this.hooks;
    // Assigned, because a spread costs as much as the rest of this method.
    const about: Writable<ObservedPublish> = {
      bus,
      channel,
      carriesMetadata: this.carriesMetadata,
      batchSize: batch?.size ?? 1,
    };
    if (template !== undefined) about.template = channel;
    const headers = propertyOf(event, 'headers');
    // JavaScript code may pass any value: the preparer rejects what is no object.
    if (typeof headers === 'object' && headers !== null) about.headers = headers as EventHeaders;
    if (batch !== undefined) about.batch = batch;
    const failed = propertyOf(event, DEAD_LETTER_OF);
    if (failed !== undefined) about.deadLetterOf = failed as EventContext;
    const hooked = this.hooks.prepare(about, (added) =>
      added === undefined ? this.preparer.attempt(event) : this.attemptWith(added, event),
    );
    const { prepared } = hooked;
    prepared.hooked = hooked;
    return prepared;
  }

  /** Publishes without the added headers when the codec rejects them. */
  private attemptWith(added: EventHeaders, event: EventToPublish): Attempt {
    const own = propertyOf(event, 'headers');
    // No headers at all: the preparer says so.
    if (own !== undefined && !isObject(own)) return this.preparer.attempt(event);
    const attempt = this.preparer.attempt(event, own === undefined ? added : { ...added, ...event.headers });
    if (!('error' in attempt)) return attempt;
    const plain = this.preparer.attempt(event);
    if (!('error' in plain)) this.reporter.listenerFailed('aroundPublish', attempt.error);
    return plain;
  }
}
