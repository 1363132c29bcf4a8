import { randomUUID } from 'node:crypto';
import { InvalidOptionError, PayloadDecodeError } from '../errors.js';
import { checkHeader, sourceProblem } from './cloud-events.attributes.js';
import type { DecodedEvent, EventCodec, EventHeaders, EventMetadata, EventStamp } from './event.codec.js';
import { NO_METADATA } from './event.codec.js';
import { fromJsonText, toJsonText } from './json-text.js';
import type { FrameOptions } from './json.frames.js';
import { framesWanted, jsonFrames } from './json.frames.js';
import { readingText } from './text.decoders.js';

/** Options of {@link cloudEvents}. */
export interface CloudEventsOptions extends FrameOptions {
  /**
   * Identifies the publisher as a URI-reference: `/orders`, `urn:shop:orders` or `https://shop.example/orders`. The pair of
   * source and event `id` must be unique.
   */
  readonly source: string;
}

/** The digits of MAX_SAFE_INTEGER, so that sequences sort as text: the `sequence` extension of CloudEvents requires that. */
const SEQUENCE_DIGITS = 16;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * CloudEvents 1.0 in the structured JSON format: `id` (a random UUID), `time`, `source`, `type` (the channel, without prefix)
 * and the payload as `data`. `headers` of a publish become further attributes, and may set `id` and `time`. A payload is what
 * `json()` accepts, or a Buffer or Uint8Array, which is sent as `data_base64` and received as a Buffer.
 *
 * Each event that is sent also has `publisherid` and `sequence`, with which receivers detect missing events.
 *
 * Decodes CloudEvents and plain JSON: an object with `specversion` "1.0" and the strings `id`, `source` and `type` is a
 * CloudEvent, and its attributes are the event's `metadata`; anything else is a payload without metadata. A CloudEvent without
 * data has the payload `null`. Decoding never changes a prototype.
 *
 * @throws InvalidOptionError when `source` is missing or not a URI-reference, and for an unknown option.
 */
export function cloudEvents(options: CloudEventsOptions): EventCodec {
  const source = JSON.stringify(sourceOf(options));
  const areFramesSent = framesWanted('cloudEvents', options, ['source', 'frames']);
  return {
    name: 'cloud-events',
    carriesMetadata: true,
    encode(payload, channel, headers) {
      const type = JSON.stringify(channel);
      const attributes = attributesOf(headers);
      return `{"specversion":"1.0","source":${source},"type":${type},${attributes},${dataOf(payload)}}`;
    },
    idOf,
    stamp: stampEvent,
    decode,
    frames: jsonFrames(areFramesSent, decode),
  };
}

const decode = readingText((body: string | Buffer): DecodedEvent => {
  const value = fromJsonText(body);
  if (!isCloudEvent(value)) return { payload: value, metadata: NO_METADATA };
  const payload = payloadOf(value);
  const metadata = metadataOf(value);
  const stamp = stampOf(value);
  return stamp === undefined ? { payload, metadata } : { payload, metadata, stamp };
});

interface CloudEvent {
  readonly [attribute: string]: unknown;
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
}

function sourceOf(options: unknown): string {
  const example = "Write cloudEvents({ source: '/orders' }).";
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError('cloudEvents()', `takes an object. ${example}`);
  }
  const { source } = options as { source?: unknown };
  const problem = sourceProblem(source);
  if (problem === undefined) return source as string;
  throw new InvalidOptionError('cloudEvents({ source })', `${problem}. ${example}`);
}

/**
 * The time as RFC 3339 text. To format it costs more than all the rest of an envelope, and a busy publisher has many events in one
 * millisecond: it is formatted once in each.
 */
class CurrentTime {
  private ms = Number.NaN;
  private text = '';

  get rfc3339(): string {
    const nowMs = Date.now();
    if (nowMs !== this.ms) {
      this.ms = nowMs;
      this.text = new Date(nowMs).toISOString();
    }
    return this.text;
  }
}

const currentTime = new CurrentTime();

/** The members of a JSON object, without its braces. */
function attributesOf(headers: EventHeaders | undefined): string {
  if (headers === undefined) return `"id":"${randomUUID()}","time":"${currentTime.rfc3339}"`;
  let id: string | undefined;
  let time: string | undefined;
  let others = '';
  // As text: an object of several spreads costs more than all the rest.
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    checkHeader(name, value);
    if (name === 'id') id = value;
    else if (name === 'time') time = value;
    else others += `,"${name}":${JSON.stringify(value)}`;
  }
  return `"id":${JSON.stringify(id ?? randomUUID())},"time":"${time ?? currentTime.rfc3339}"${others}`;
}

function dataOf(payload: unknown): string {
  if (!(payload instanceof Uint8Array)) {
    return `"datacontenttype":"application/json","data":${toJsonText(payload)}`;
  }
  const { buffer, byteOffset, byteLength } = payload;
  const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return `"datacontenttype":"application/octet-stream","data_base64":"${base64}"`;
}

const ID = '"id":"';

/** The first member of that name: quotes within the attributes before it are escaped. */
function idOf(body: string | Buffer): string | undefined {
  const text = body.toString();
  const start = text.indexOf(ID) + ID.length;
  if (start < ID.length) return undefined;
  const end = text.indexOf('"', start);
  const id = text.slice(start, end);
  if (!id.includes('\\')) return id;
  // With an escaped quote it goes on.
  const quoted = /"(?:[^"\\]|\\.)*"/.exec(text.slice(start - 1))?.[0] ?? '""';
  return JSON.parse(quoted) as string;
}

/** Inserts the stamp before the closing brace of what `encode` returned. */
function stampEvent(body: string | Buffer, { publisher, sequence }: EventStamp): string {
  const digits = String(sequence).padStart(SEQUENCE_DIGITS, '0');
  return `${body.toString().slice(0, -1)},"publisherid":${JSON.stringify(publisher)},"sequence":"${digits}"}`;
}

function isCloudEvent(value: unknown): value is CloudEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { specversion, id, source, type } = value as Record<string, unknown>;
  return (
    specversion === '1.0' && typeof id === 'string' && typeof source === 'string' && typeof type === 'string'
  );
}

function payloadOf({ data, data_base64: base64 }: CloudEvent): unknown {
  // CloudEvents uses null for an attribute that is not set.
  if (base64 === undefined || base64 === null) return data ?? null;
  if (typeof base64 === 'string' && base64.length % 4 === 0 && BASE64.test(base64)) {
    return Buffer.from(base64, 'base64');
  }
  throw new PayloadDecodeError('its data_base64 is not base64.');
}

/** The attributes of a parsed event. A copy with a new prototype costs half as much as an object built key by key. */
function metadataOf(event: CloudEvent): EventMetadata {
  const { specversion: _version, data: _data, data_base64: _base64, ...others } = event;
  const attributes: Record<string, unknown> = others;
  for (const name of Object.keys(attributes)) if (attributes[name] === null) delete attributes[name];
  return Object.freeze(Object.setPrototypeOf(attributes, null) as EventMetadata);
}

function stampOf({ publisherid: publisher, sequence }: CloudEvent): EventStamp | undefined {
  if (typeof publisher !== 'string' || publisher === '') return undefined;
  if (typeof sequence !== 'string' || !/^\d+$/.test(sequence)) return undefined;
  const number = Number(sequence);
  return Number.isSafeInteger(number) && number >= 1 ? { publisher, sequence: number } : undefined;
}
