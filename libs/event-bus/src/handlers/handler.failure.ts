import { HttpException } from '@nestjs/common';
import { HandlingFailure } from '../dispatching/handling.failure.js';
import { describeThrown, isA } from '../foreign.js';

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

/** They have no status, and their packages need not be installed. */
const DELIBERATE = new Set(['RpcException', 'WsException']);

/** One failed call of one handler, with what the log needs to explain it. `cause` is what was thrown. */
export class HandlerFailure extends HandlingFailure {
  constructor(
    readonly stage: PipelineStage,
    override readonly cause: unknown,
    /** What is probably wrong, for people. */
    readonly hint?: string | undefined,
  ) {
    super(FAILURE_SENTENCES[stage]);
  }

  /** A pipe that says what is wrong with the payload says the same again; one that broke may not. */
  override get isRefusal(): boolean {
    return this.stage === 'guard-refused' || (this.stage === 'pipe' && isRefusal(this.cause));
  }
}

/** Nest's own exceptions say who is to blame; those for RPC and WebSockets are only thrown on purpose. */
export function isRefusal(thrown: unknown): boolean {
  if (!isA(thrown, HttpException)) return DELIBERATE.has(describeThrown(thrown).name ?? '');
  try {
    return thrown.getStatus() < 500;
  } catch {
    return false;
  }
}
