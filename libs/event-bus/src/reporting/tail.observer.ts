import { describeThrown } from '../foreign.js';
import type { EventCodec } from '../message/event.codec.js';
import { originalOf } from '../message/event-context.js';
import type { EventBusObserver } from '../observing/event-bus.observer.js';
import type { FailedFact, HandledFact, PublishedFact } from '../observing/observer.facts.js';
import { encodedBodyOf } from '../observing/sent.event.js';
import { cut } from '../printable.js';
import type { PayloadPreview } from './payload.preview.js';
import type { TailEntry } from './report.js';
import { MAX_NAME_LENGTH } from './report.shapes.js';
import type { Sample, TailSlot } from './tail.sampler.js';
import { TailSampler } from './tail.sampler.js';

/** The group of published events. No handler has an empty name. */
const PUBLISHERS = '';

/** What the tail may show. */
export interface TailSettings {
  readonly bus: string;
  readonly codec: EventCodec;
  readonly showsChannels: boolean;
  /** Absent if no payload is shown. */
  readonly preview?: PayloadPreview;
}

/** Keeps a sample of the events of one bus while somebody looks. */
export class TailObserver implements EventBusObserver {
  private readonly sampler = new TailSampler<TailEntry>();

  constructor(private readonly settings: TailSettings) {}

  /**
   * The sample since the last call, oldest first.
   * @param isPeriodOver whether a second has passed, see {@link TailSampler.take}
   */
  take(isPeriodOver: boolean): Sample<TailEntry> {
    const { entries, leftOut } = this.sampler.take(isPeriodOver);
    return { entries: entries.toSorted((a, b) => a.atMs - b.atMs), leftOut };
  }

  clear(): void {
    this.sampler.clear();
  }

  published(fact: PublishedFact): void {
    const { channel, template } = fact;
    const slot = this.sampler.offer(PUBLISHERS, template ?? (this.settings.showsChannels ? channel : ''));
    if (slot === undefined) return;
    const id = this.idOfSent(fact);
    if (!this.sampler.choose(slot, id)) return;
    this.sampler.add(slot, {
      ...this.entryOf('published', channel, template, id, fact.tookMs),
      subscriptions: fact.subscriptions,
      ...this.contentOf('published', channel, template, fact.payload, fact.bytes),
    });
  }

  handled(fact: HandledFact): void {
    const slot = this.sampler.offer(fact.handler, fact.target);
    if (slot !== undefined) this.called(slot, 'handled', fact);
  }

  failed(fact: FailedFact): void {
    // Not behind the events that were handled.
    const slot = this.sampler.offer(`failed ${fact.handler}`, fact.target);
    if (slot === undefined) return;
    const { code, name } = describeThrown(fact.error);
    this.called(slot, 'failed', fact, code ?? name ?? typeof fact.error);
  }

  private called(
    slot: TailSlot<TailEntry>,
    what: 'handled' | 'failed',
    fact: HandledFact,
    error?: string,
  ): void {
    const { handler, target, event, attempt, waitedMs, tookMs } = fact;
    const id = shortId(event.metadata.id);
    if (!this.sampler.choose(slot, id)) return;
    this.sampler.add(slot, {
      ...this.entryOf(what, event.channel, target, id, tookMs),
      handler: cut(handler, MAX_NAME_LENGTH),
      attempt,
      waitedMs: rounded(waitedMs),
      ...(error === undefined ? {} : { error }),
      ...this.contentOf(what, event.channel, target, event.payload, originalOf(event).bytes),
    });
  }

  private entryOf(
    what: TailEntry['what'],
    channel: string,
    target: string | undefined,
    id: string | undefined,
    tookMs: number,
  ): TailEntry {
    return {
      what,
      atMs: Date.now(),
      ...(this.settings.showsChannels ? { channel: cut(channel, MAX_NAME_LENGTH) } : {}),
      ...(target === undefined ? {} : { target: cut(target, MAX_NAME_LENGTH) }),
      ...(id === undefined ? {} : { id }),
      tookMs: rounded(tookMs),
    };
  }

  private contentOf(
    what: TailEntry['what'],
    channel: string,
    target: string | undefined,
    payload: unknown,
    bytes: number,
  ): Pick<TailEntry, 'bytes' | 'payload' | 'isHidden'> {
    const { bus, preview } = this.settings;
    const event = { bus, channel, ...(target === undefined ? {} : { target }), what };
    return { bytes, ...preview?.of(payload, bytes, event) };
  }

  private idOfSent(fact: PublishedFact): string | undefined {
    const { codec } = this.settings;
    if (codec.idOf === undefined) return undefined;
    const body = encodedBodyOf(fact);
    return body === undefined ? undefined : shortId(codec.idOf(body));
  }
}

/** Somebody else's metadata may hold anything. */
function shortId(id: unknown): string | undefined {
  return typeof id === 'string' ? cut(id, MAX_NAME_LENGTH) : undefined;
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
