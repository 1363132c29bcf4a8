import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { EventBusInspector, eventBusToken } from '../index.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import type { BusOwner } from './bus.owner.js';
import { isBusOwner } from './bus.owner.js';
import { WatchedBus } from './watched.bus.js';

/** Every `EventBusModule` of the application, by the name of its bus, and the buses of servers and clients that were asked for. */
export class WatchedBuses {
  private readonly buses = new Map<string, WatchedBus>();
  private readonly owned = new WeakMap<EventBusInspector, WatchedBus>();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly references: ModuleRef,
  ) {}

  get names(): readonly string[] {
    return [...this.buses.keys()];
  }

  /** Looks for those that it does not know yet. */
  find(): void {
    for (const name of this.namesInModules())
      if (!this.buses.has(name)) this.buses.set(name, this.watch(name));
  }

  /** A module that was loaded lately may have brought it. */
  get(name: string): WatchedBus | undefined {
    if (!this.buses.has(name)) this.find();
    return this.buses.get(name);
  }

  /** That of a server or a client, whose gaps are remembered from the first call on. */
  of({ inspector }: BusOwner): WatchedBus {
    const watched = this.owned.get(inspector) ?? new WatchedBus(inspector);
    this.owned.set(inspector, watched);
    return watched;
  }

  /** Whether a server is connected or a client provided. Before 11.1.6 Nest does not tell the servers: true then. */
  hasOwners(): boolean {
    if (!('getRpcTargetRegistry' in this.modules)) return true;
    const found: unknown[] = [];
    const servers = this.modules.getRpcTargetRegistry();
    servers.subscribe((server) => found.push(server)).unsubscribe();
    for (const { providers } of this.modules.values())
      for (const { instance } of providers.values()) found.push(instance);
    return found.some(isBusOwner);
  }

  private *namesInModules(): Generator<string> {
    const named = `${EventBusInspector.name}:`;
    for (const { providers } of this.modules.values()) {
      for (const token of providers.keys()) {
        if (token === EventBusInspector) yield DEFAULT_BUS;
        else if (typeof token === 'string' && token.startsWith(named)) yield token.slice(named.length);
      }
    }
  }

  private watch(name: string): WatchedBus {
    const token = eventBusToken(EventBusInspector, name) as string;
    return new WatchedBus(this.references.get<EventBusInspector>(token, { strict: false }));
  }
}
