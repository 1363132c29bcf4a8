import { runInThisContext } from 'node:vm';
import { settled } from './eventually.js';

/** The process itself. Jest's sandbox has a copy, on which nobody hears of these events. */
const node = runInThisContext('process') as NodeJS.EventEmitter;
const EVENTS = ['unhandledRejection', 'uncaughtException'] as const;

type Listener = (...args: unknown[]) => void;

/** Unhandled rejections and uncaught exceptions: each of them would have ended the process. Heard instead of by Jest. */
export class Escapes {
  private readonly seen: unknown[] = [];
  private readonly replaced = new Map<string, Listener[]>();
  private readonly collect = (error: unknown) => this.seen.push(error);

  listen(): void {
    for (const event of EVENTS) {
      this.replaced.set(event, node.rawListeners(event) as Listener[]);
      node.removeAllListeners(event);
      node.on(event, this.collect);
    }
  }

  release(): void {
    for (const event of EVENTS) {
      node.off(event, this.collect);
      for (const listener of this.replaced.get(event) ?? []) node.on(event, listener);
    }
  }

  /** Those since the last call. */
  async take(): Promise<readonly unknown[]> {
    await settled();
    return this.seen.splice(0);
  }
}
