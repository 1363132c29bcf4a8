import { StuckWatch } from '../../libs/event-bus/src/dispatching/stuck.watch.js';
import { HookWatch } from '../../libs/event-bus/src/observing/hook.watch.js';
import { ObserverRegistry } from '../../libs/event-bus/src/observing/observer.registry.js';

const STUCK_AFTER_MS = 30_000;

/** The observers of a bus whose hooks are tested: what fails and what does not end is written down. */
export class HookScene {
  /** `Object.aroundHandle boom` */
  readonly failures: string[] = [];
  /** `Object.aroundHandle orders` */
  readonly stuck: string[] = [];
  readonly registry = new ObserverRegistry({
    observerFailed: (observer, method, error) => {
      this.failures.push(`${observer}.${method} ${(error as Error).message}`);
    },
  });
  private readonly timer = new StuckWatch();
  readonly watch = new HookWatch(this.timer, STUCK_AFTER_MS, (hook, channel) => {
    this.stuck.push(`${hook} ${channel}`);
  });

  /** Looks for hooks that do not end, as if the time had passed after which they are stuck. */
  lookLater(): boolean {
    return this.watch.look(performance.now() + STUCK_AFTER_MS);
  }

  close(): void {
    this.timer.close();
  }
}
