import { isThenable } from '../foreign.js';

/** A call that is made once, however often somebody asks for it. Everybody gets the same outcome. */
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

  /** Makes the call, the first time. @throws what it threw */
  readonly next = (argument?: Argument): Result => {
    this.make(argument);
    if (this.thrown !== undefined) throw this.thrown.error;
    return this.result as Result;
  };

  /** As {@link next}, for those who do not ask for its outcome. */
  make(argument?: Argument): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    try {
      this.result = this.call(argument);
      // First, so that it is known to whoever awaits the result.
      if (isThenable(this.result))
        this.result.then(undefined, (error: unknown) => (this.rejection = { error }));
    } catch (error) {
      this.thrown = { error };
    }
    this.onMade?.();
  }

  /** Whether its outcome is this very error. */
  hasFailedWith(error: unknown): boolean {
    const failure = this.thrown ?? this.rejection;
    return failure !== undefined && failure.error === error;
  }

  /** Resolves when the call was made; it may go on. */
  whenMade(): Promise<void> {
    return this.hasBegun ? Promise.resolve() : new Promise((resolve) => (this.onMade = resolve));
  }

  /** Resolves when the call is over that was made, whatever came of it. */
  async whenOver(): Promise<void> {
    await Promise.allSettled([this.result]);
  }
}
