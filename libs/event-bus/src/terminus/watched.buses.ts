import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { EventBusInspector, EventBusStatus, eventBusToken } from '../index.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { WatchedBus } from './watched.bus.js';

/** Every `EventBusModule` of the application, by the name of its bus. */
export class WatchedBuses {
  private readonly buses = new Map<string, WatchedBus>();

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

  private *namesInModules(): Generator<string> {
    const named = `${EventBusStatus.name}:`;
    for (const { providers } of this.modules.values()) {
      for (const token of providers.keys()) {
        if (token === EventBusStatus) yield DEFAULT_BUS;
        else if (typeof token === 'string' && token.startsWith(named)) yield token.slice(named.length);
      }
    }
  }

  private watch(name: string): WatchedBus {
    const get = <T>(token: string | (new (...args: never[]) => T)) =>
      this.references.get<T>(token as string, { strict: false });
    return new WatchedBus(
      get<EventBusStatus>(eventBusToken(EventBusStatus, name)),
      get<EventBusInspector>(eventBusToken(EventBusInspector, name)),
    );
  }
}
