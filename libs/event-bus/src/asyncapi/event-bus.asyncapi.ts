import { ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '../errors.js';
import { describeThrown } from '../foreign.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import type { EventBusDescription } from '../introspection/bus.description.js';
import { inspectorsOfServers } from '../module/application.buses.js';
import { DEFAULT_BUS } from '../module/event-bus.constants.js';
import { eventBusToken } from '../module/event-bus.inject.js';
import { bare, quoted } from '../observing/log.line.js';
import { LogWriter } from '../observing/log.writer.js';
import type { AsyncApiDocument } from './asyncapi.document.js';
import { documentOptionProblems } from './asyncapi.option-problems.js';
import type { AsyncApiDocumentOptions } from './asyncapi.options.js';
import { DocumentBuilder } from './document.builder.js';
import { jsonSchemaOf } from './json.schemas.js';

/** An application of Nest, or a part of one. */
interface Application {
  get<T>(token: unknown, options: { readonly strict: false }): T;
}

/** Describes the buses of an application as an AsyncAPI 3.0 document. */
export class EventBusAsyncApi {
  /**
   * The document of a started application, as a plain object: of one bus, and of each `EventBusServer` unless `bus` names one. A schema that cannot be converted costs its payload
   * (`{}`) and one warning.
   * @throws ConfigurationError when the options are invalid, or there is no such bus.
   */
  static document(app: Application, options: AsyncApiDocumentOptions): AsyncApiDocument {
    const problems = documentOptionProblems(options);
    if (problems.length > 0) throw new ConfigurationError(problems);
    const buses = busesOf(moduleBusIn(app, options.bus), modulesIn(app), options.bus);
    return documentOf(buses, options);
  }
}

/**
 * @param buses at least one
 * @param options without problems
 * @param warned the contracts that a warning has named
 */
export function documentOf(
  buses: readonly EventBusDescription[],
  options: AsyncApiDocumentOptions,
  warned = new Set<string>(),
): AsyncApiDocument {
  const name = options.bus ?? DEFAULT_BUS;
  const builder = new DocumentBuilder(buses, options, (contract, pointer) => {
    const converted = jsonSchemaOf(contract, pointer, options.jsonSchema);
    if ('reason' in converted) warnOnce(warned, name, contract.template, converted.reason);
    return converted;
  });
  return builder.build();
}

/**
 * The bus of a module, and the servers that are connected to the application by now: all of them, or those of the given name.
 * @throws ConfigurationError when there is none
 */
export function busesOf(
  ofModule: EventBusInspector | undefined,
  modules: ModulesContainer,
  name: string | undefined,
): readonly EventBusDescription[] {
  const ofServers = inspectorsOfServers(modules).map((inspector) => inspector.describe());
  const buses = [
    ...(ofModule === undefined ? [] : [ofModule.describe()]),
    ...ofServers.filter(({ bus }) => name === undefined || bus === name),
  ];
  if (buses.length === 0) throw new ConfigurationError([noBusProblem(name)]);
  return buses;
}

/** What to write where there is no bus of this name. */
export function noBusProblem(bus: string = DEFAULT_BUS): string {
  return bus === DEFAULT_BUS
    ? 'AsyncAPI has no bus to describe. Import EventBusModule.forRoot(…), connect an EventBusServer before the application starts, or set bus to the name of one.'
    : `AsyncAPI finds no bus named ${JSON.stringify(bus)}. Set bus to the name in EventBusModule.forRoot({ name }) or EventBusServer.`;
}

function moduleBusIn(app: Application, bus: string | undefined): EventBusInspector | undefined {
  try {
    return app.get<EventBusInspector>(eventBusToken(EventBusInspector, bus), { strict: false });
  } catch (error) {
    if (describeThrown(error).name === 'UnknownElementException') return undefined;
    throw error;
  }
}

function modulesIn(app: Application): ModulesContainer {
  return app.get<ModulesContainer>(ModulesContainer, { strict: false });
}

function warnOnce(warned: Set<string>, bus: string, contract: string, reason: string): void {
  if (warned.has(contract)) return;
  warned.add(contract);
  new LogWriter(bus).warn({
    sentence: 'The AsyncAPI document shows no payload for a contract, whose schema has no JSON Schema',
    fields: { contract: quoted(contract), reason: bare(reason) },
    advice: 'Set the option jsonSchema, or accept it.',
  });
}
