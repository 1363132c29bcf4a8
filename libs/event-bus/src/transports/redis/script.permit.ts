import type { OutgoingMessage, PublishBatching } from '../event.transport.js';

/** A service that publishes to more shard channels checks again. */
const MAX_SUBJECTS = 10_000;

type Answer = 'asked' | 'granted' | 'denied';

/**
 * What one connection may publish by script. A shard channel is a key of the script, so the server's answer applies to each
 * separately; for all others, one answer applies.
 */
export class ScriptPermit {
  /** By shard channel; `''` for all others. */
  private readonly answers = new Map<string, Answer>();

  /** The total number of checks. */
  get batching(): PublishBatching {
    const answers = [...this.answers.values()];
    if (answers.includes('denied')) return 'pipeline';
    return answers.includes('granted') ? 'script' : 'undecided';
  }

  /** All of these may be sent as a script. */
  covers(messages: readonly OutgoingMessage[]): boolean {
    return messages.every((message) => this.allows(message));
  }

  /** This one may. */
  allows(message: OutgoingMessage): boolean {
    return this.answers.get(subjectOf(message)) === 'granted';
  }

  /** Those that were not checked yet. Empty if there is nothing to check. */
  unasked(messages: readonly OutgoingMessage[]): readonly string[] {
    const subjects = [...new Set(messages.map(subjectOf))].filter((subject) => !this.answers.has(subject));
    if (this.answers.size + subjects.length > MAX_SUBJECTS) this.answers.clear();
    this.set(subjects, 'asked');
    return subjects;
  }

  granted(subjects: readonly string[]): void {
    this.set(subjects, 'granted');
  }

  /** The server did not run a script. If this says nothing about the next one, the check is repeated. */
  refused(subjects: readonly string[], message: string): void {
    // A slot under migration refuses scripts (its keys, which never exist, might already have moved) but accepts SPUBLISH.
    if (/^(NOPERM|ERR|ASK|TRYAGAIN)\b/.test(message)) this.set(subjects, 'denied');
    else this.forget(subjects);
  }

  forget(subjects: readonly string[]): void {
    for (const subject of subjects) this.answers.delete(subject);
  }

  private set(subjects: readonly string[], answer: Answer): void {
    for (const subject of subjects) this.answers.set(subject, answer);
  }
}

/** The key of the server's answer. */
export function subjectOf({ kind, channel }: OutgoingMessage): string {
  return kind === 'shard' ? channel : '';
}
