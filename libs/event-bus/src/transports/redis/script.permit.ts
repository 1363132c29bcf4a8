import type { OutgoingMessage, PublishBatching } from '../event.transport.js';

/** A service that publishes to more shard channels asks again. */
const MAX_SUBJECTS = 10_000;

type Answer = 'asked' | 'granted' | 'denied';

/**
 * What one connection may publish by script. A shard channel is a key of the script, so that the server answers for each by
 * itself; for all others it answers once.
 */
export class ScriptPermit {
  /** By shard channel; `''` for what is no shard channel. */
  private readonly answers = new Map<string, Answer>();

  /** Of all that was asked. */
  get batching(): PublishBatching {
    const answers = [...this.answers.values()];
    if (answers.includes('denied')) return 'pipeline';
    return answers.includes('granted') ? 'script' : 'undecided';
  }

  /** All of these may go as a script. */
  covers(messages: readonly OutgoingMessage[]): boolean {
    return messages.every((message) => this.allows(message));
  }

  /** This one may. */
  allows(message: OutgoingMessage): boolean {
    return this.answers.get(subjectOf(message)) === 'granted';
  }

  /** What nobody has asked for yet: to be answered then. Empty where there is nothing to ask. */
  unasked(messages: readonly OutgoingMessage[]): readonly string[] {
    const subjects = [...new Set(messages.map(subjectOf))].filter((subject) => !this.answers.has(subject));
    if (this.answers.size + subjects.length > MAX_SUBJECTS) this.answers.clear();
    this.set(subjects, 'asked');
    return subjects;
  }

  granted(subjects: readonly string[]): void {
    this.set(subjects, 'granted');
  }

  /** The server has not run a script. Where that says nothing of the next one, it is asked again. */
  refused(subjects: readonly string[], message: string): void {
    // A slot that is being moved away refuses scripts (its keys, which never exist, might be there already) and takes SPUBLISH.
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

/** What the server's answer is about. */
export function subjectOf({ kind, channel }: OutgoingMessage): string {
  return kind === 'shard' ? channel : '';
}
