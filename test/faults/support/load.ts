import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { guardChild } from '../../support/child.guard.js';

export interface LoadOptions {
  /** Of a Redis on loopback. */
  readonly port: number;
  /** @default 5000 */
  readonly ratePerSecond?: number;
  /** `load:0`, `load:1`, … in turns. @default 4 */
  readonly channelCount?: number;
  /** What each event carries for nothing. @default 100 */
  readonly payloadBytes?: number;
}

/** Numbered events at a steady rate, published by a process of its own, which knows exactly what Redis has accepted. */
export class Load {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when it flows. */
  static async start({
    ratePerSecond = 5_000,
    channelCount = 4,
    payloadBytes = 100,
    port,
  }: LoadOptions): Promise<Load> {
    const options = { port, ratePerSecond, channelCount, payloadBytes };
    const child = fork(join(import.meta.dirname, 'load.process.mjs'), [JSON.stringify(options)], {
      execArgv: [],
    });
    if (child.pid !== undefined) child.once('exit', guardChild(child.pid));
    await once(child, 'message');
    child.send('start');
    return new Load(child);
  }

  /** Ends with one last event on each channel. Resolves with how many events Redis has accepted, those included. */
  async stop(): Promise<number> {
    this.child.send('stop');
    const [{ sent }] = (await once(this.child, 'message')) as [{ sent: number }];
    return sent;
  }

  /** Ends it in whatever state it is. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}
