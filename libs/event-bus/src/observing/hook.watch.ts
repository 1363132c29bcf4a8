import type { StuckWatch, WatchedCalls } from '../dispatching/stuck.watch.js';
import type { ContainedObserver, HookName } from './observer.registry.js';
import type { OnceCall } from './once.call.js';

/** A call that is made once, whatever its arguments and its result. */
type FollowedCall = Pick<
  OnceCall<never, never, unknown>,
  'isMade' | 'make' | 'follow' | 'hasFailedWith' | 'whenMade' | 'whenOver'
>;

/** An asynchronous hook of an observer, and the call that it has to make. */
export interface RunningHook {
  readonly observer: ContainedObserver;
  readonly name: HookName;
  readonly channel: string;
  /** Its return value. */
  readonly end: Promise<unknown>;
  readonly call: FollowedCall;
}

/**
 * Watches the hooks of observers, which nothing else awaits. Their results are ignored. A hook that does not end, either after
 * its call or because it never makes it, is reported once.
 */
export class HookWatch implements WatchedCalls {
  /** The oldest first. */
  private readonly pending = new Map<RunningHook, number>();

  constructor(
    private readonly watch: StuckWatch,
    readonly stuckAfterMs: number | false,
    /** Must not throw. */
    private readonly stuck: (hook: string, channel: string, forMs: number) => void,
  ) {}

  /** Resolves when the call was made: by the hook, or because the hook ended without it. Never rejects. */
  async follow(hook: RunningHook): Promise<void> {
    const { observer, name, end, call } = hook;
    call.follow();
    const ended = end.then(
      () => undefined,
      (error: unknown) => call.hasFailedWith(error) || observer.failed(name, error),
    );
    if (!call.isMade) {
      await this.watchUntil(Promise.race([ended, call.whenMade()]), hook);
      call.make();
    }
    void call.whenOver().then(() => this.watchUntil(ended, hook));
  }

  look(nowMs: number): boolean {
    for (const [hook, sinceMs] of this.pending) {
      const forMs = nowMs - sinceMs;
      if (this.stuckAfterMs === false || forMs < this.stuckAfterMs) break;
      this.pending.delete(hook);
      this.stuck(`${hook.observer.name}.${hook.name}`, hook.channel, forMs);
    }
    return this.pending.size > 0;
  }

  private async watchUntil(end: Promise<unknown>, hook: RunningHook): Promise<void> {
    this.pending.set(hook, performance.now());
    this.watch.begun(this);
    await end;
    this.pending.delete(hook);
  }
}
