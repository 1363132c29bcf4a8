// From the module, not the global: fake timers must not delay deliveries.
import { setImmediate } from 'node:timers';

/** The number of tasks to run before timers and sockets get their turn. */
const TASKS_PER_TURN = 100;

/** The single stream of a broker: runs tasks in order, never inside the call that adds them. */
export class DeliveryQueue {
  private readonly tasks: (() => void)[] = [];
  /** The tasks before this index have run. */
  private next = 0;
  private isScheduled = false;
  private waiting: (() => void)[] = [];

  /** No task is pending or running. */
  get isIdle(): boolean {
    return !this.isScheduled;
  }

  /** Resolves once it is idle, including tasks added in the meantime. */
  async whenIdle(): Promise<void> {
    while (!this.isIdle) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** `task` must not throw. */
  add(task: () => void): void {
    this.tasks.push(task);
    this.schedule();
  }

  /** Resolves when every task that was added before has run. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.add(resolve));
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.run());
  }

  private run(): void {
    const end = Math.min(this.tasks.length, this.next + TASKS_PER_TURN);
    while (this.next < end) this.tasks[this.next++]?.();
    this.forgetRun();
    this.isScheduled = false;
    if (this.tasks.length > 0) this.schedule();
    else for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Removing the finished tasks only once they are half of the list keeps a long burst linear. */
  private forgetRun(): void {
    if (this.next * 2 < this.tasks.length) return;
    this.tasks.splice(0, this.next);
    this.next = 0;
  }
}
