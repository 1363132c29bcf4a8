import type { EventContext } from '../message/event-context.js';
import type { CallContext } from './call.context.js';
import type { DeadLetterSink } from './dead.letter.js';
import type { DispatchReporter } from './dispatch.reporter.js';
import type { GroupClaims } from './group.claims.js';
import type { LingeringListener } from './timed.calls.js';

/** What a runner needs besides the handler. */
export interface RunnerServices {
  readonly reporter: DispatchReporter;
  readonly deadLetters: DeadLetterSink;
  readonly claims: GroupClaims;
  readonly context: CallContext;
}

/** Receives what the outcomes of {@link HandlerRunner.run} do not show. */
export interface RunnerOwner extends LingeringListener {
  /** The first call started after none was running. */
  begun(): void;
  /** An event is done for which a promise was returned. Called once for each; its key is the one that was given with it. */
  done(event: EventContext, key: unknown): void;
}
