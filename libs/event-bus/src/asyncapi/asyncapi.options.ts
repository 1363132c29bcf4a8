import type { CanActivate, ConfigurableModuleAsyncOptions, ModuleMetadata, Type } from '@nestjs/common';
import type { EventContract } from '../contracts/event.contract.js';
import type { ContractDescription } from '../introspection/bus.description.js';
import type { AsyncApiInfo, AsyncApiServer } from './asyncapi.document.js';

/** Options of {@link EventBusAsyncApi.document}. */
export interface AsyncApiDocumentOptions {
  /** The `info` of the document: `title` and `version`, and what else the specification allows. */
  readonly info: AsyncApiInfo;
  /** The contracts that this application publishes. The bus does not know them in advance. @default [] */
  readonly publishes?: readonly EventContract[] | undefined;
  /** Replaces the servers that the transport gives. By name. */
  readonly servers?: Readonly<Record<string, AsyncApiServer>> | undefined;
  /** Leaves out the servers that the transport gives, because their addresses are internal. @default false */
  readonly redactAddress?: boolean | undefined;
  /**
   * Converts the schema of a contract to JSON Schema, draft 7. Undefined for a contract that it does not convert: the schema is
   * then asked itself, by Standard JSON Schema (`~standard.jsonSchema`), which zod and ArkType implement.
   */
  readonly jsonSchema?: ((contract: ContractDescription) => object | undefined) | undefined;
  /**
   * The bus, by the name given in `EventBusModule.forRoot({ name })` or to an `EventBusServer`; no other is described then. By default
   * it is the bus without a name, and every `EventBusServer` of the application.
   */
  readonly bus?: string | undefined;
}

/** Options of `EventBusAsyncApiModule.forRoot()`. One of `guards` and `access` is required. */
export interface EventBusAsyncApiModuleOptions extends AsyncApiDocumentOptions {
  /** The path of the page, without a slash at its end: `asyncapi` serves `/asyncapi`, `/asyncapi.json` and `/asyncapi.yaml`. */
  readonly path: string;
  /** Guards of every route, as for `@UseGuards`. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;
  /** `loopback`: only requests from this machine, to `localhost`, `127.0.0.1` or `[::1]`, that no proxy has forwarded. */
  readonly access?: 'loopback' | undefined;
  /** The modules of what the guards inject. @default [] */
  readonly imports?: ModuleMetadata['imports'] | undefined;
}

/** Nest needs them before a factory can run. */
type BesideFactory = Pick<EventBusAsyncApiModuleOptions, 'path' | 'guards' | 'access' | 'bus'>;

/** What the factory of `EventBusAsyncApiModule.forRootAsync()` returns. */
export type MadeDocument = Omit<AsyncApiDocumentOptions, 'bus'> & {
  readonly [Name in keyof BesideFactory]?: never;
};

/**
 * Options of `EventBusAsyncApiModule.forRootAsync()`: one of `useFactory`, `useClass` and `useExisting` makes those of the document, and
 * `path`, `guards`, `access` and `bus` stand beside it.
 */
export interface EventBusAsyncApiAsyncOptions
  extends BesideFactory, ConfigurableModuleAsyncOptions<MadeDocument, 'createEventBusAsyncApiOptions'> {}
