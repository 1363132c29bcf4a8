import { GroupClaimError } from '../errors.js';
import { describeThrown, isA } from '../foreign.js';
import { FAILURE_SENTENCES } from '../handlers/handler.failure.js';
import { LogEpisode } from './log.episode.js';
import { LogEpisodes } from './log.episodes.js';
import type { LogFormat } from './log.line.js';
import { bare, listed, quoted } from './log.line.js';
import { MAX_REASON_LENGTH, countOf, describe, nameOf, noticeLine, whyDropped } from './log.texts.js';
import { LogWriter } from './log.writer.js';
import type { FactOf } from './event-bus.observer.js';
import type { ObserverFailureLog } from './observer.registry.js';
import { StateLog } from './state.log.js';
import type { TurnedState } from './state.log.js';

/** Writes every log line of one bus. */
export class LogObserver implements ObserverFailureLog {
  private readonly logger: LogWriter;
  private readonly rejections = new LogEpisode();
  /** Claims fail on this side, not at a publisher: bad payloads must not hide them. */
  private readonly failedClaims = new LogEpisode();
  private readonly lostDeadLetters = new LogEpisodes();
  private readonly gapLines = new LogEpisode(5_000);
  private readonly overflows = new LogEpisode();
  /** One message may contain very many events, and each of them may fail. */
  private readonly failures = new LogEpisodes();
  private readonly repetitions = new LogEpisodes();
  private readonly slowness = new LogEpisodes();
  /** The handlers that were logged as slow: only for them, the end is logged as well. */
  private readonly toldSlow = new Set<string>();
  /** Each event may have a hook that does not end. */
  private readonly stuckHooks = new LogEpisodes();
  private readonly states = new StateLog((state, unlogged) => this.logState(state, unlogged));
  /** Keyed by what the listener listens to. */
  private readonly failedListeners = new LogEpisodes();

  constructor(bus: string, format: LogFormat = 'text') {
    this.logger = new LogWriter(bus, format);
  }

  failed({ handler, event, error, stage, isRefusal, hint }: FactOf<'failed'>): void {
    this.failures.log(handler, `${stage} ${nameOf(error)}`, (unlogged) => {
      const what = { handler: bare(handler), channel: quoted(event.channel), error: describe(error) };
      const fields = { ...what, unlogged: countOf(unlogged) };
      const line = { sentence: FAILURE_SENTENCES[stage], fields, advice: hint };
      // A guard or pipe that refuses an event works as intended, and the stack only shows code of this package.
      if (isRefusal) this.logger.warn(line);
      else this.logger.error(line, error);
    });
  }

  repeated({ handler, event, error }: FactOf<'repeated'>): void {
    this.repetitions.log(handler, nameOf(error), (unlogged) => {
      const what = { handler: bare(handler), channel: quoted(event.channel), error: describe(error) };
      const fields = { ...what, unlogged: countOf(unlogged) };
      this.logger.debug({ sentence: 'A handler failed, calling it again', fields });
    });
  }

  rejected({ channel, error }: FactOf<'rejected'>): void {
    const episode = isA(error, GroupClaimError) ? this.failedClaims : this.rejections;
    episode.log((unlogged) => {
      const reason = quoted(describeThrown(error).message, MAX_REASON_LENGTH);
      this.logger.warn({
        sentence: `A message was dropped: ${whyDropped(error)}`,
        fields: { channel: quoted(channel), reason, unlogged: countOf(unlogged) },
      });
    });
  }

  slowed({ handler, waitingEvents, waitingBytes, buffer }: FactOf<'slowed'>): void {
    this.slowness.log(handler, '', (unlogged) => {
      this.toldSlow.add(handler);
      this.logger.warn({
        sentence: 'Handler is falling behind',
        fields: {
          handler: bare(handler),
          events: bare(`${waitingEvents}/${buffer.events}`),
          bytes: bare(`${waitingBytes}/${buffer.bytes}`),
          unlogged: countOf(unlogged),
        },
        advice: `When its buffer is full, events are dropped (${buffer.overflow}). Make it faster, raise concurrency, or use a finer orderBy key.`,
      });
    });
  }

  caughtUp({ handler, droppedEvents, fromMs }: FactOf<'caughtUp'>): void {
    if (!this.toldSlow.delete(handler)) return;
    this.logger.log({
      sentence: 'Handler has caught up',
      fields: { handler: bare(handler), dropped: droppedEvents, afterMs: Date.now() - fromMs },
    });
  }

  stuck({ call, handler, channel = '', forMs: exactMs, waitingEvents }: FactOf<'stuck'>): void {
    const forMs = Math.round(exactMs);
    if (call === 'hook') {
      this.stuckHooks.log(handler, '', (unlogged) =>
        this.logger.warn({
          sentence: 'An observer hook does not end',
          fields: { hook: bare(handler), channel: quoted(channel), forMs, unlogged: countOf(unlogged) },
          advice: 'Add a timeout to what it awaits.',
        }),
      );
    } else if (call === 'gap-handler') {
      this.logger.warn({
        sentence: 'An @OnGap method does not end, and is not called for later gaps',
        fields: { handler: bare(handler), forMs },
        advice: 'Add a timeout to what it awaits.',
      });
    } else {
      this.logger.warn({
        sentence: 'A call does not end, and events are pending behind it',
        fields: { handler: bare(handler), channel: quoted(channel), forMs, waiting: waitingEvents },
        advice:
          'Set timeoutMs so that the next event with this key can start, and stop the work when event.signal aborts.',
      });
    }
  }

  unstuck({ handler, channel }: FactOf<'unstuck'>): void {
    const fields = { handler: bare(handler), channel: quoted(channel) };
    this.logger.log({ sentence: 'A stuck call has ended', fields });
  }

  deadLetterLost({ deadLetter, letter, reason }: FactOf<'deadLetterLost'>): void {
    this.lostDeadLetters.log(letter.handler, reason, (unlogged) =>
      this.logger.error({
        sentence: 'A dead letter is lost',
        fields: {
          deadLetter: quoted(deadLetter),
          handler: bare(letter.handler),
          channel: quoted(letter.event.channel),
          reason: quoted(reason, MAX_REASON_LENGTH),
          unlogged: countOf(unlogged),
        },
      }),
    );
  }

  gap({ reason, targets, fromMs, toMs, missed, hint }: FactOf<'gap'>): void {
    this.gapLines.log((unlogged) =>
      this.logger.warn({
        sentence: 'Events may be missing',
        fields: {
          reason: bare(reason),
          missed: missed ?? bare('unknown'),
          forMs: toMs - fromMs,
          targets: listed(targets),
          unlogged: countOf(unlogged),
        },
        advice: hint,
      }),
    );
  }

  gapHandlerFailed({ handler, error }: FactOf<'gapHandlerFailed'>): void {
    this.failures.log(handler, `gap ${nameOf(error)}`, (unlogged) => {
      const sentence = 'An @OnGap method failed, events may still be missing';
      const fields = { handler: bare(handler), error: describe(error), unlogged: countOf(unlogged) };
      this.logger.error({ sentence, fields }, error);
    });
  }

  started({ transport, address, handlers, subscriptions }: FactOf<'started'>): void {
    const where = { transport: bare(transport), address: bare(address) };
    this.logger.log({ sentence: 'Event bus is ready', fields: { ...where, handlers, subscriptions } });
  }

  startFailed({ error }: FactOf<'startFailed'>): void {
    const reason = quoted(describeThrown(error).message, Infinity);
    this.logger.error({ sentence: 'Event bus failed to start', fields: { reason } });
  }

  closed({ drained, tookMs, unfinished }: FactOf<'closed'>): void {
    const fields = { drained, tookMs: Math.round(tookMs), unfinished };
    this.logger.log({ sentence: 'Event bus is closed', fields });
  }

  stateChanged({ state, reason, isRefused, previous }: FactOf<'stateChanged'>): void {
    if (state === 'closed') this.states.close();
    else if (state === 'degraded' && previous?.state !== 'degraded')
      this.states.turned({ status: state, reason });
    else if (state === 'ready' && previous?.state === 'degraded') this.states.turned({ status: state });
    else if (state === 'connecting' && reason !== undefined && previous?.reason === undefined) {
      // Logged elsewhere with what to correct, when it fails the start or leaves the bus degraded.
      if (isRefused) return;
      const fields = { reason: quoted(reason, Infinity) };
      this.logger.warn({ sentence: 'No connection yet, trying again', fields });
    }
  }

  private logState({ status, reason }: TurnedState, unlogged: number): void {
    const left = { unlogged: countOf(unlogged) };
    if (status === 'ready') return this.logger.log({ sentence: 'Event bus is ready again', fields: left });
    const fields = { reason: quoted(reason ?? 'unknown', Infinity), ...left };
    this.logger.warn({ sentence: 'Event bus is degraded, events may be lost', fields });
  }

  subscribed({ targets }: FactOf<'subscribed'>): void {
    for (const { kind, name } of targets)
      this.logger.debug({ sentence: 'Subscribed', fields: { kind: bare(kind), target: quoted(name) } });
  }

  streamDropped({ target }: FactOf<'streamDropped'>): void {
    this.overflows.log((unlogged) =>
      this.logger.warn({
        sentence: 'A stream drops events because its loop is too slow',
        fields: { target: quoted(target), unlogged: countOf(unlogged) },
        advice: 'Raise buffer.events, or do less per event.',
      }),
    );
  }

  listenerFailed({ listener, error }: FactOf<'listenerFailed'>): void {
    this.failedListeners.log(listener, '', (unlogged) => {
      const fields = { listener: quoted(listener), error: describe(error), unlogged: countOf(unlogged) };
      this.logger.error({ sentence: 'A listener failed', fields }, error);
    });
  }

  /** @param unlogged how many failures before this one were not logged */
  observerFailed(observer: string, method: string, error: unknown, unlogged: number): void {
    const what = { observer: quoted(observer), method: bare(method), error: describe(error) };
    this.logger.error(
      { sentence: 'An observer failed', fields: { ...what, unlogged: countOf(unlogged) } },
      error,
    );
  }

  warned(notice: FactOf<'warned'>): void {
    this.logger.warn(noticeLine(notice));
  }

  noted(note: FactOf<'noted'>): void {
    this.logger[note.level](noticeLine(note));
  }
}
