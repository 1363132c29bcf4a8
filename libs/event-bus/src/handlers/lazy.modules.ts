import type { LazyModuleLoader } from '@nestjs/core';
import type { Module } from './nest.internals.js';
import { STATIC_CONTEXT } from './nest.internals.js';

type Load = LazyModuleLoader['load'];

/**
 * Watches the modules that LazyModuleLoader loads after the start: Nest calls none of their lifecycle hooks and does not report
 * them. It wraps the `load` of the application's own loader, and several buses may wrap it in turn.
 */
export class LazyModules {
  private isWatching = true;
  private loads = 0;

  /** @param loaded is awaited before `load` resolves; what it throws rejects `load` */
  constructor(loader: LazyModuleLoader, loaded: () => Promise<void>) {
    const load = loader.load.bind(loader) as Load;
    loader.load = async (...args) => {
      this.loads += 1;
      const moduleRef = await load(...args).finally(() => (this.loads -= 1));
      if (this.isWatching) await loaded();
      return moduleRef;
    };
  }

  /**
   * Whether Nest has instantiated the module. During the load of another module it may be incomplete; its own load reports it
   * then.
   */
  isComplete(moduleRef: Module): boolean {
    return this.loads === 0 || isInstantiated(moduleRef);
  }

  /** From now on modules are loaded without the bus. */
  stop(): void {
    this.isWatching = false;
  }
}

function isInstantiated({ providers, controllers }: Module): boolean {
  return [...providers.values(), ...controllers.values()].every(
    (wrapper) =>
      wrapper.isTransient ||
      !wrapper.isDependencyTreeStatic() ||
      wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved === true,
  );
}
