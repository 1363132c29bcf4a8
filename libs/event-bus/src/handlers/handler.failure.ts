import { HttpException } from '@nestjs/common';
import { HandlingFailure } from '../dispatching/handling.failure.js';
import { isA } from '../foreign.js';
import { quote, reasonOf } from '../errors.js';

/** Where in Nest's pipeline it failed. */
export type PipelineStage = 'guard' | 'guard-refused' | 'pipe' | 'handler' | 'filter' | 'scope';

/** What the log says. */
export const FAILURE_SENTENCES: Readonly<Record<PipelineStage, string>> = {
  guard: 'A guard failed',
  'guard-refused': 'A guard refused an event',
  pipe: 'A pipe refused an event',
  handler: 'A handler failed',
  filter: 'An exception filter failed',
  scope: 'A request-scoped handler could not be created',
};

const HTTP_ONLY =
  'Is it meant for HTTP only? Then let events pass first: if (isEventContext(context)) return true;';
const HTTP_ONLY_FILTER =
  'Is it meant for HTTP only? Then rethrow for events first: if (isEventContext(host)) throw exception;';

/** One failed call of one handler, with what the log needs to explain it. `cause` is what was thrown. */
export class HandlerFailure extends HandlingFailure {
  constructor(
    readonly stage: PipelineStage,
    override readonly cause: unknown,
    /** What a filter that failed was called for: without it the real failure would be lost. */
    private readonly filtered?: unknown,
  ) {
    super(FAILURE_SENTENCES[stage]);
  }

  /** A pipe that says what is wrong with the payload says the same again; one that broke may not. */
  override get isRefusal(): boolean {
    return this.stage === 'guard-refused' || (this.stage === 'pipe' && isClientError(this.cause));
  }

  /** What is probably wrong, when guards or filters made for HTTP meet an event. */
  get hint(): string | undefined {
    if (this.stage === 'guard' || this.stage === 'guard-refused') return HTTP_ONLY;
    if (this.stage !== 'filter') return undefined;
    return this.filtered === undefined
      ? HTTP_ONLY_FILTER
      : `It was called for ${quote(reasonOf(this.filtered))}. ${HTTP_ONLY_FILTER}`;
  }
}

function isClientError(cause: unknown): boolean {
  if (!isA(cause, HttpException)) return false;
  try {
    return cause.getStatus() < 500;
  } catch {
    return false;
  }
}
