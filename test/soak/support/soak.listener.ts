import { setTimeout as delay } from 'node:timers/promises';
import type { HandlerSetup } from '../../faults/support/contender.js';
import { GUARDED_CHANNEL, OPEN_CHANNELS } from './soak-channels.js';
import type { SoakEvent } from './soak.traffic.js';

/** One handler of the service, and what it was called with. */
export class SoakListener {
  /** Calls, those with the probe included. */
  heard = 0;
  /** The longest time without a call. */
  longestSilenceMs = 0;
  /** Events that came again, or after a later one. */
  readonly wrongs: string[] = [];
  private latestAtMs: number | undefined;
  private readonly latest = new Map<string, number>();
  private readonly handled = new Map<string, Set<number>>();

  constructor(
    readonly name: string,
    readonly targets: readonly string[],
    /** The channels that its targets match. */
    readonly channels: readonly string[],
    private readonly work: (event: SoakEvent) => unknown = () => undefined,
  ) {}

  get setup(): HandlerSetup {
    return { name: this.name, targets: this.targets, handle: (payload) => this.hear(payload) };
  }

  has({ channel, n }: SoakEvent): boolean {
    return this.handled.get(channel)?.has(n) === true;
  }

  private hear(payload: unknown): unknown {
    this.heard += 1;
    this.timeSilence();
    // Those who know nothing of CloudEvents hand over the whole envelope.
    const event = (payload as { data?: SoakEvent }).data ?? (payload as SoakEvent | { n?: undefined });
    if (event.n === undefined) return undefined;
    this.record(event);
    return this.work(event);
  }

  private record(event: SoakEvent): void {
    const { channel, n } = event;
    if (this.has(event)) this.wrongs.push(`${this.name} handled ${channel} ${n} again`);
    const latest = this.latest.get(channel) ?? 0;
    if (n < latest) this.wrongs.push(`${this.name} handled ${channel} ${n} after ${latest}`);
    this.latest.set(channel, Math.max(n, latest));
    const handled = this.handled.get(channel);
    if (handled === undefined) this.handled.set(channel, new Set([n]));
    else handled.add(n);
  }

  private timeSilence(): void {
    const nowMs = performance.now();
    this.longestSilenceMs = Math.max(this.longestSilenceMs, nowMs - (this.latestAtMs ?? nowMs));
    this.latestAtMs = nowMs;
  }
}

/** Overlapping targets, a slow handler, one that fails, and one whose channel is denied from time to time. */
export function soakListeners(): readonly SoakListener[] {
  return [
    new SoakListener('everything', ['soak:*'], OPEN_CHANNELS),
    new SoakListener('overlapping', ['soak:a', 'soak:?', 'soak:*'], OPEN_CHANNELS),
    new SoakListener('slow', ['soak:b', 'soak:c'], ['soak:b', 'soak:c'], ({ n }) => delay(1 + (n % 10))),
    new SoakListener('failing', ['soak:[abc]'], OPEN_CHANNELS, ({ n }) => {
      if (n % 50 === 0) throw new Error('This handler fails now and then.');
    }),
    new SoakListener('guarded', [GUARDED_CHANNEL], [GUARDED_CHANNEL]),
  ];
}
