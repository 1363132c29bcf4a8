import { ApplicationConfig } from '@nestjs/core';
import type { Enhancers } from './nest.enhancers.js';
import { ENHANCER_KEYS, findSharedEnhancers } from './nest.enhancers.js';
import type { InstanceWrapper, Module, NestInternals } from './nest.internals.js';
import { STATIC_CONTEXT } from './nest.internals.js';

/** Where Nest keeps an instance. */
export interface HostPlace {
  readonly wrapper: InstanceWrapper;
  readonly moduleRef: Module;
  readonly moduleKey: string;
  readonly isController: boolean;
}

/** A provider or controller, and what all its handlers share: Nest is asked once for all of them. */
export class HandlerHost {
  readonly wrapper: InstanceWrapper;
  readonly moduleRef: Module;
  readonly moduleKey: string;
  readonly isController: boolean;
  readonly className: string;
  /** Stands for an instance where Nest is asked about the class. */
  readonly bare: object;
  private listed: readonly unknown[] | undefined;
  private created: ReadonlySet<unknown> | undefined;
  private globals: InstanceWrapper[] | undefined;
  private shared: Enhancers | undefined;

  constructor(
    { wrapper, moduleRef, moduleKey, isController }: HostPlace,
    readonly prototype: object,
  ) {
    this.wrapper = wrapper;
    this.moduleRef = moduleRef;
    this.moduleKey = moduleKey;
    this.isController = isController;
    this.className = prototype.constructor?.name || String(wrapper.name);
    this.bare = Object.create(prototype) as object;
  }

  /** What the decorators of the class bind: instances, and classes that Nest has to create. */
  classEnhancers({ guardsContextCreator: reflect }: NestInternals): readonly unknown[] {
    this.listed ??= ENHANCER_KEYS.flatMap(
      (key) => reflect.reflectClassMetadata<unknown[] | undefined>(this.bare, key) ?? [],
    );
    return this.listed;
  }

  /** The classes of enhancers that Nest has created for the instance. */
  get createdEnhancers(): ReadonlySet<unknown> {
    this.created ??= new Set(
      (this.wrapper.getEnhancersMetadata() ?? []).map(({ token }) => token as unknown),
    );
    return this.created;
  }

  /** Scoped APP_GUARD and the like. Nest loads them for controllers only. */
  get scopedGlobals(): InstanceWrapper[] {
    this.globals ??= scopedGlobalsOf(this.moduleRef);
    return this.globals;
  }

  /** What is bound to every method of the instance, which must not be request-scoped. */
  sharedEnhancers(nest: NestInternals): Enhancers {
    const { wrapper, moduleKey } = this;
    this.shared ??= findSharedEnhancers(nest, {
      instance: wrapper.instance as object,
      moduleKey,
      contextId: STATIC_CONTEXT,
      inquirerId: wrapper.id,
    });
    return this.shared;
  }
}

function scopedGlobalsOf(moduleRef: Module): InstanceWrapper[] {
  const config = moduleRef.getProviderByKey(ApplicationConfig).instance as ApplicationConfig;
  return [
    ...config.getGlobalRequestGuards(),
    ...config.getGlobalRequestInterceptors(),
    ...config.getGlobalRequestPipes(),
    ...config.getGlobalRequestFilters(),
  ];
}
