import { isThenable } from '../foreign.js';

/** A call that is made only once. Every caller gets the same outcome. */
export class OnceCall<First, Second, Result> {
  private hasBegun = false;
  private isFollowed = false;
  private result: Result | undefined;
  private thrown: { readonly error: unknown } | undefined;
  private rejection: { readonly error: unknown } | undefined;
  private onMade: (() => void) | undefined;

  /** Takes two arguments, so that callers need no closure per event. */
  constructor(
    private readonly call: (first: First, second: Second) => Result,
    private readonly first: First,
    private readonly second: Second,
  ) {}

  get isMade(): boolean {
    return this.hasBegun;
  }

  /** Makes the call the first time. @throws what it threw */
  readonly next = (): Result => {
    this.make();
    if (this.thrown !== undefined) throw this.thrown.error;
    return this.result as Result;
  };

  /** Like {@link next}, for callers that do not need its outcome. */
  make(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { call } = this;
    try {
      this.result = call(this.first, this.second);
    } catch (error) {
      this.thrown = { error };
    }
    if (this.isFollowed) this.noteRejection();
    this.onMade?.();
  }

  /** From now on {@link hasFailedWith} knows of rejections too. Costs a promise, so only those who wait for the call do this. */
  follow(): void {
    this.isFollowed = true;
    if (this.hasBegun) this.noteRejection();
  }

  /** Whether its outcome is exactly this error. */
  hasFailedWith(error: unknown): boolean {
    const failure = this.thrown ?? this.rejection;
    return failure !== undefined && failure.error === error;
  }

  /** Resolves when the call was made; it may still be running. */
  whenMade(): Promise<void> {
    return this.hasBegun ? Promise.resolve() : new Promise((resolve) => (this.onMade = resolve));
  }

  /** Resolves when the call has ended, with any outcome. */
  async whenOver(): Promise<void> {
    await Promise.allSettled([this.result]);
  }

  private noteRejection(): void {
    if (!isThenable(this.result)) return;
    this.result.then(undefined, (error: unknown) => {
      this.rejection = { error };
    });
  }
}
