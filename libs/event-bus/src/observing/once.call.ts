import { isThenable } from '../foreign.js';

/** A call that is made only once. Every caller gets the same outcome. */
export class OnceCall<Argument, Result> {
  private hasBegun = false;
  private result: Result | undefined;
  private thrown: { readonly error: unknown } | undefined;
  private rejection: { readonly error: unknown } | undefined;
  private onMade: (() => void) | undefined;

  constructor(private readonly call: (argument?: Argument) => Result) {}

  get isMade(): boolean {
    return this.hasBegun;
  }

  /** Makes the call the first time. @throws what it threw */
  readonly next = (argument?: Argument): Result => {
    this.make(argument);
    if (this.thrown !== undefined) throw this.thrown.error;
    return this.result as Result;
  };

  /** Like {@link next}, for callers that do not need its outcome. */
  make(argument?: Argument): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    try {
      this.result = this.call(argument);
      // Set first, so that it is known when the result is awaited.
      if (isThenable(this.result))
        this.result.then(undefined, (error: unknown) => (this.rejection = { error }));
    } catch (error) {
      this.thrown = { error };
    }
    this.onMade?.();
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
}
