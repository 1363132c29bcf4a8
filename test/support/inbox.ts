import { setTimeout as delay } from 'node:timers/promises';

/**
 * Collects what a handler receives, and waits for it without sleeping.
 *
 * Proves an absence by a fence, a later item that can only arrive after the unwanted one would have:
 * @example
 * await publish('orders.created', 1); // must not match `orders:*`
 * await publish('orders:fence', 2);
 * expect(await inbox.upTo((item) => item === 2)).toEqual([2]);
 */
export class Inbox<T> {
  private readonly received: T[] = [];
  private readonly waiting = new Set<() => void>();

  get items(): readonly T[] {
    return this.received;
  }

  readonly push = (item: T): void => {
    this.received.push(item);
    for (const check of this.waiting) check();
  };

  clear(): void {
    this.received.length = 0;
  }

  /** Resolves with all items once there are at least `count`. */
  count(count: number, timeoutMs?: number): Promise<readonly T[]> {
    return this.until(() => this.received.length >= count, `${count} items`, timeoutMs);
  }

  /** Resolves with all items up to and including the first that matches. */
  async upTo(matches: (item: T) => boolean, timeoutMs?: number): Promise<readonly T[]> {
    await this.until(() => this.received.some(matches), 'the fence', timeoutMs);
    return this.received.slice(0, this.received.findIndex(matches) + 1);
  }

  private async until(holds: () => boolean, awaited: string, timeoutMs = 5_000): Promise<readonly T[]> {
    const stop = new AbortController();
    let check!: () => void;
    const held = new Promise<void>((resolve) => {
      check = () => {
        if (holds()) resolve();
      };
    });
    this.waiting.add(check);
    check();
    const expired = delay(timeoutMs, true, { signal: stop.signal }).catch(() => false);
    try {
      if (await Promise.race([held, expired])) {
        throw new Error(
          `Waited ${timeoutMs} ms for ${awaited}; received ${this.received.length}: ${preview(this.received)}`,
        );
      }
      return [...this.received];
    } finally {
      stop.abort();
      this.waiting.delete(check);
    }
  }
}

function preview(items: readonly unknown[]): string {
  const text = items.slice(-5).map(String).join(', ');
  return items.length > 5 ? `…, ${text}` : text || 'nothing';
}
