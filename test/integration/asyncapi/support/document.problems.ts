import { Parser } from '@asyncapi/parser';

/** A document as JSON, whatever is wrong with it. */
export type Json = Record<string, unknown>;

/**
 * What is wrong with a document and what @asyncapi/parser accepts: lost references, parameters that differ from the address,
 * members of a Redis binding, globs as addresses, requests without the channel of their replies, and a description of one handler and
 * target, or of one contract, twice.
 */
export function problemsIn(document: object): string[] {
  const root = JSON.parse(JSON.stringify(document)) as Json;
  return [
    ...lostReferences(root),
    ...entriesOf(root['channels']).flatMap(([id, channel]) => channelProblems(id, channel)),
    ...bindingProblems(root),
    ...foreignMessages(root),
    ...replyProblems(root),
    ...repeated('handler', entriesOf(root['operations']).flatMap(handlerOf)),
    ...repeated('contract', entriesOf(root['operations']).flatMap(publishedContractOf)),
    ...repeated(
      'channel',
      entriesOf(root['channels']).map(([, { servers, ...channel }]) =>
        JSON.stringify([channel['x-redis-pubsub'], servers]),
      ),
    ),
  ];
}

/** What @asyncapi/parser says of it. */
export async function parserErrors(document: object): Promise<string[]> {
  const diagnostics = await new Parser().validate(JSON.stringify(document));
  return diagnostics.filter(({ severity }) => severity === 0).map(({ message }) => message);
}

/** A deep copy to break. */
export function copyOf(document: object): Record<string, Record<string, Json>> {
  return JSON.parse(JSON.stringify(document)) as Record<string, Record<string, Json>>;
}

function lostReferences(root: Json): string[] {
  return referencesIn(root)
    .filter((reference) => at(root, reference) === undefined)
    .map((reference) => `${reference} leads nowhere`);
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}

/** What a reference leads to. */
export function at(root: Json, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  let place: unknown = root;
  for (const step of reference.slice(2).split('/')) place = (place as Json | undefined)?.[step];
  return place;
}

function channelProblems(id: string, { address, parameters = {} }: Json): string[] {
  const declared = Object.keys(parameters as Json).sort();
  const used = [...textOf(address).matchAll(/\{([^}]*)\}/g)].map(([, name]) => String(name)).sort();
  return [
    ...(declared.join() === used.join()
      ? []
      : [`${id} has the parameters ${used.join()}, and declares ${declared.join()}`]),
    ...(address !== null && /[*?[\]\\]/.test(textOf(address)) ? [`${id} has a glob as its address`] : []),
  ];
}

function bindingProblems(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { bindings } = value as { bindings?: { redis?: object } };
  const own = Object.keys(bindings?.redis ?? {}).map((name) => `a Redis binding has ${name}`);
  return [...own, ...Object.values(value).flatMap(bindingProblems)];
}

/** An operation, and its reply, has messages of its own channel alone. */
function foreignMessages(root: Json): string[] {
  return entriesOf(root['operations']).flatMap(([id, operation]) =>
    [operation, (operation['reply'] ?? {}) as Json].flatMap(({ channel, messages = [] }) =>
      (messages as { $ref: string }[])
        .filter(({ $ref }) => !$ref.startsWith(`${(channel as { $ref: string }).$ref}/messages/`))
        .map(({ $ref }) => `${id} has the message ${$ref} of another channel`),
    ),
  );
}

/** Requests are answered on the channel with `.reply` at its end, and nothing else is. */
function replyProblems(root: Json): string[] {
  const nameOf = (channel: unknown) => {
    const found = at(root, (channel as { $ref: string } | undefined)?.$ref ?? '') as Json | undefined;
    return textOf((found?.['x-redis-pubsub'] as Json | undefined)?.['name']);
  };
  return entriesOf(root['operations']).flatMap(([id, { channel, reply, 'x-event-bus': details }]) => {
    const { handler } = details as Json;
    if (handler !== '@MessagePattern') return reply === undefined ? [] : [`${id} has a reply`];
    const { channel: replies, messages = [] } = (reply ?? {}) as Json;
    return nameOf(replies) === `${nameOf(channel)}.reply` && (messages as unknown[]).length === 1
      ? []
      : [`${id} is not answered on its reply channel`];
  });
}

function handlerOf([, operation]: [string, Json]): string[] {
  const { handler, target, bus } = operation['x-event-bus'] as Json;
  return handler === undefined ? [] : [`${textOf(handler)} on ${textOf(target)} of ${textOf(bus)}`];
}

function publishedContractOf([, operation]: [string, Json]): string[] {
  const { contract } = operation['x-event-bus'] as Json;
  return contract === undefined ? [] : [textOf(contract)];
}

function repeated(what: string, names: readonly string[]): string[] {
  return names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `the ${what} ${name} is there twice`);
}

function entriesOf(value: unknown): [string, Json][] {
  return Object.entries((value ?? {}) as Record<string, Json>);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
