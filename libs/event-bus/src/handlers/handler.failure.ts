import { HttpException } from '@nestjs/common';
import { HandlingFailure } from '../dispatching/handling.failure.js';
import { describeThrown, isA } from '../foreign.js';

/** The stage of Nest's pipeline that failed. */
export type PipelineStage = 'guard' | 'guard-refused' | 'pipe' | 'handler' | 'filter' | 'scope';

/** The log text of each stage. */
export const FAILURE_SENTENCES: Readonly<Record<PipelineStage, string>> = {
  guard: 'A guard failed',
  'guard-refused': 'A guard refused an event',
  pipe: 'A pipe refused an event',
  handler: 'A handler failed',
  filter: 'An exception filter failed',
  scope: 'A request-scoped handler could not be created',
};

/** Their packages need not be installed, so they are recognized by name. */
const DELIBERATE = new Set(['RpcException', 'WsException']);

/** One failed call of one handler. `cause` is what was thrown. */
export class HandlerFailure extends HandlingFailure {
  constructor(
    readonly stage: PipelineStage,
    override readonly cause: unknown,
    /** The probable cause, for the log. */
    readonly hint?: string | undefined,
  ) {
    super(FAILURE_SENTENCES[stage]);
  }

  /** A pipe that rejects the payload would reject it again; a pipe that failed with an error might not. */
  override get isRefusal(): boolean {
    return this.stage === 'guard-refused' || (this.stage === 'pipe' && isRefusal(this.cause));
  }
}

/** Nest's HTTP exceptions below 500 blame the input; RpcException and WsException are only thrown on purpose. */
export function isRefusal(thrown: unknown): boolean {
  if (!isA(thrown, HttpException)) return DELIBERATE.has(describeThrown(thrown).name ?? '');
  try {
    return thrown.getStatus() < 500;
  } catch {
    return false;
  }
}
