import { ConfigurationError } from '../errors.js';
import { describeThrown } from '../foreign.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
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

/** Describes a bus as an AsyncAPI 3.0 document. */
export class EventBusAsyncApi {
  /**
   * The document of a bus of a started application, as a plain object. A schema that cannot be converted costs its payload
   * (`{}`) and one warning.
   * @throws ConfigurationError when the options are invalid, or there is no such bus.
   */
  static document(app: Application, options: AsyncApiDocumentOptions): AsyncApiDocument {
    const problems = documentOptionProblems(options);
    if (problems.length > 0) throw new ConfigurationError(problems);
    return documentOf(inspectorIn(app, options.bus), options);
  }
}

/**
 * @param options without problems
 * @param warned the contracts that a warning has named
 */
export function documentOf(
  inspector: EventBusInspector,
  options: AsyncApiDocumentOptions,
  warned = new Set<string>(),
): AsyncApiDocument {
  const description = inspector.describe();
  const builder = new DocumentBuilder(description, options, (contract, pointer) => {
    const converted = jsonSchemaOf(contract, pointer, options.jsonSchema);
    if ('reason' in converted) warnOnce(warned, description.bus, contract.template, converted.reason);
    return converted;
  });
  return builder.build();
}

/** What to write where there is no bus of this name. */
export function noBusProblem(bus: string = DEFAULT_BUS): string {
  return bus === DEFAULT_BUS
    ? 'AsyncAPI has no bus to describe. Import EventBusModule.forRoot(…), or set bus to the name of one.'
    : `AsyncAPI finds no bus named ${JSON.stringify(bus)}. Set bus to the name in EventBusModule.forRoot({ name }).`;
}

function inspectorIn(app: Application, bus: string | undefined): EventBusInspector {
  try {
    return app.get<EventBusInspector>(eventBusToken(EventBusInspector, bus), { strict: false });
  } catch (error) {
    if (describeThrown(error).name === 'UnknownElementException')
      throw new ConfigurationError([noBusProblem(bus)]);
    throw error;
  }
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
