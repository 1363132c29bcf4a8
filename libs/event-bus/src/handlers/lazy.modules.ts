import type { LazyModuleLoader } from '@nestjs/core';
import type { Module } from './nest.internals.js';
import { STATIC_CONTEXT } from './nest.internals.js';

type Load = LazyModuleLoader['load'];

/**
 * Hears of the modules that LazyModuleLoader brings after the start: Nest calls no lifecycle hook of theirs and reports them to
 * nobody. Stands in front of the `load` of the application's own loader, which several buses may do one before the other.
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

  /** Whether Nest has made what is in the module. While another one is loaded it may be half done: its own load comes to it. */
  isComplete(moduleRef: Module): boolean {
    return this.loads === 0 || isInstantiated(moduleRef);
  }

  /** From now on modules are loaded as without a bus. */
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
