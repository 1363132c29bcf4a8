import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from './contender.js';
import type { FaultRow, Verdict } from './fault.row.js';

/** Set for each project in jest.config.mjs. */
declare const IOREDIS_MAJOR: 5 | 6;

/** A `promise` has to hold, a `control` must not. */
export type ResultRole = 'promise' | 'control';

/** One line of a file in the directory of FAULTS_OUT, which scripts/faults.mjs makes the matrix of. */
export interface MatrixRecord {
  readonly row: string;
  readonly fault: string;
  readonly promise: string;
  readonly ioredis: 5 | 6;
  readonly contender: string;
  readonly role: ResultRole;
  readonly holds: boolean;
  readonly figure: string;
  /** Unhandled rejections and uncaught exceptions. */
  readonly escapes: number;
}

export function recordResult(
  { id, fault, promise }: Pick<FaultRow<never>, 'id' | 'fault' | 'promise'>,
  contender: Contender,
  role: ResultRole,
  { figure, escapes, failure }: Verdict,
): void {
  const directory = process.env['FAULTS_OUT'];
  if (directory === undefined) return;
  const record: MatrixRecord = {
    row: id,
    fault,
    promise,
    ioredis: IOREDIS_MAJOR,
    contender: contender.name,
    role,
    holds: failure === undefined,
    figure,
    escapes: escapes.length,
  };
  mkdirSync(directory, { recursive: true });
  appendFileSync(join(directory, `${id}.ioredis${IOREDIS_MAJOR}.jsonl`), `${JSON.stringify(record)}\n`);
}
