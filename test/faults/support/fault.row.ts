import { textOf } from '../../../libs/event-bus/src/foreign.js';
import type { Contender } from './contender.js';
import type { FaultStage } from './fault.stage.js';
import { recordResult } from './matrix.record.js';

/** One line of the fault matrix: what happens, what is promised, and how it is measured. */
export interface FaultRow<Outcome> {
  readonly stage: FaultStage;
  /** `F1`, and for a second promise on the same fault the same again. */
  readonly id: string;
  readonly fault: string;
  readonly promise: string;
  /** Lets the fault happen to a contender and tells what came of it; judges nothing, and ends also with one that is lost. */
  readonly run: (contender: Contender) => Promise<Outcome>;
  /** The promise, as assertions on what came of it. */
  readonly check: (outcome: Outcome) => void;
  /** What came of it in a few words, for the matrix. */
  readonly figure: (outcome: Outcome) => string;
}

/** What one contender made of a row. */
export interface Verdict {
  readonly figure: string;
  /** Unhandled rejections and uncaught exceptions: each would have ended the process. */
  readonly escapes: readonly string[];
  /** The assertion that failed. Undefined when the promise holds. */
  readonly failure: unknown;
}

/** The promise holds, and the process would have lived. */
export async function expectToHold<Outcome>(row: FaultRow<Outcome>, contender: Contender): Promise<void> {
  const verdict = await judge(row, contender);
  recordResult(row, contender, 'promise', verdict);
  if (verdict.failure !== undefined) throw verdict.failure;
}

/** The same fault does harm to somebody else, on the same assertions: the row does not hold by accident. */
export async function expectToBite<Outcome>(row: FaultRow<Outcome>, contender: Contender): Promise<void> {
  const verdict = await judge(row, contender);
  recordResult(row, contender, 'control', verdict);
  if (verdict.failure === undefined) {
    throw new Error(
      `${contender.name} keeps the promise of ${row.id} (${verdict.figure}): the row proves nothing.`,
    );
  }
}

async function judge<Outcome>(row: FaultRow<Outcome>, contender: Contender): Promise<Verdict> {
  const outcome = await row.run(contender);
  const escapes = (await row.stage.escapes.take()).map(textOf);
  const figure = row.figure(outcome);
  try {
    expect(escapes).toEqual([]);
    row.check(outcome);
    return { figure, escapes, failure: undefined };
  } catch (failure) {
    return { figure, escapes, failure };
  }
}
