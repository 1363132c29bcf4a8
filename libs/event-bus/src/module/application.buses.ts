import type { ModulesContainer } from '@nestjs/core';
import type { EventBusInspector } from '../introspection/event-bus.inspector.js';

/** Marks the owner of a bus: a provider, or the strategy of a microservice. Other copies of this package know it too. */
export const APPLICATION_BUS = Symbol.for('nestjs-redis-event-bus:application-bus:1');

/** A bus that starts together with the others of its application, or not at all. */
export interface ApplicationBus {
  /** Closes it without waiting for its handlers. It cannot start afterwards. Idempotent. */
  abandon(): Promise<void>;
  /** @param startFailed closes the other buses; awaited when this bus cannot start */
  join?(startFailed: () => Promise<void>): void;
}

/**
 * Every bus of one application, no matter what created it: Nest stops at the first hook that fails and calls no other, and
 * `createApplicationContext()` then returns no application to close.
 */
export class ApplicationBuses {
  /** Nest keeps no list of strategies; it reports each one when it is connected. */
  private readonly strategies = new Set<ApplicationBus>();
  private isAbandoned = false;

  constructor(private readonly modules: ModulesContainer) {
    // Before 11.1.6 Nest does not report them: a bus of an EventBusServer starts and fails alone.
    if (!('getRpcTargetRegistry' in modules)) return;
    modules.getRpcTargetRegistry().subscribe((target) => this.connected(target));
  }

  /** @throws what `work` throws, once every bus of the application is closed */
  async startTogether(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  private async abandon(): Promise<void> {
    this.isAbandoned = true;
    const buses = new Set([...this.inModules(), ...this.strategies]);
    // A bus that cannot be closed must not keep the others open, nor hide why the start failed.
    await Promise.allSettled([...buses].map(async (bus) => bus.abandon()));
  }

  private connected(target: unknown): void {
    const bus = busOf(target);
    if (bus === undefined) return;
    this.strategies.add(bus);
    bus.join?.(() => this.abandon());
    if (this.isAbandoned) bus.abandon().catch(() => undefined);
  }

  private *inModules(): Generator<ApplicationBus> {
    for (const { providers } of this.modules.values()) {
      for (const { instance } of providers.values()) {
        const bus = busOf(instance);
        if (bus !== undefined) yield bus;
      }
    }
  }
}

/**
 * The inspectors of the servers that were connected to the application by now. Before 11.1.6 Nest does not report them: none.
 */
export function inspectorsOfServers(modules: ModulesContainer): readonly EventBusInspector[] {
  const found: EventBusInspector[] = [];
  if (!('getRpcTargetRegistry' in modules)) return found;
  const connected = modules.getRpcTargetRegistry().subscribe((target) => {
    if (busOf(target) === undefined) return;
    const { inspector } = target as { readonly inspector?: EventBusInspector };
    // Another copy of this package may be of a version that has none.
    if (inspector !== undefined) found.push(inspector);
  });
  connected.unsubscribe();
  return found;
}

function busOf(holder: unknown): ApplicationBus | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  try {
    return (holder as { readonly [APPLICATION_BUS]?: ApplicationBus })[APPLICATION_BUS];
  } catch {
    // A proxy may throw for an unknown property.
    return undefined;
  }
}
