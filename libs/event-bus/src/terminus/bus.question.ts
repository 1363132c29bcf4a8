import { withDeadline } from '../deadline.js';
import { NotSupportedError } from '../index.js';
import type { EventBusInspector } from '../index.js';
import { reasonOf } from '../errors.js';

/** Many probes of many callers are one question to Redis. */
const INTERVAL_MS = 1_000;

/** Whether Redis answers. Both are undefined if the transport cannot be asked. */
export interface Answer {
  /** How long the answer took. */
  readonly tookMs?: number;
  /** Why there is none. */
  readonly problem?: string;
}

interface Question {
  readonly askedAtMs: number;
  readonly answer: Promise<Answer>;
  isAnswered: boolean;
}

/** Asks Redis whether it answers: at most once a second, and not again while an answer is awaited. */
export class BusQuestion {
  private latest: Question | undefined;

  constructor(private readonly inspector: Pick<EventBusInspector, 'ping'>) {}

  /** Resolves with the latest answer, or once the question is older than this. Never rejects. */
  async ask(timeoutMs: number): Promise<Answer> {
    const { askedAtMs, answer } = this.current();
    const leftMs = Math.max(0, askedAtMs + timeoutMs - performance.now());
    try {
      return await withDeadline(answer, leftMs, () => new Error(`no answer within ${timeoutMs} ms`));
    } catch (error) {
      return { problem: reasonOf(error) };
    }
  }

  private current(): Question {
    const { latest } = this;
    const isFresh = latest !== undefined && performance.now() - latest.askedAtMs < INTERVAL_MS;
    if (latest !== undefined && (isFresh || !latest.isAnswered)) return latest;
    const askedAtMs = performance.now();
    const question: Question = { askedAtMs, answer: this.put(askedAtMs), isAnswered: false };
    void question.answer.then(() => {
      question.isAnswered = true;
    });
    this.latest = question;
    return question;
  }

  private async put(askedAtMs: number): Promise<Answer> {
    try {
      await this.inspector.ping();
      return { tookMs: performance.now() - askedAtMs };
    } catch (error) {
      return error instanceof NotSupportedError ? {} : { problem: reasonOf(error) };
    }
  }
}
