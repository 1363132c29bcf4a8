import { GroupClaimError, quote } from '../errors.js';
import { describeThrown, isA } from '../foreign.js';
import { FAILURE_SENTENCES } from '../handlers/handler.failure.js';
import { LogEpisode } from './log.episode.js';
import { LogEpisodes } from './log.episodes.js';
import {
  MAX_REASON_LENGTH,
  describe,
  nameOf,
  namesOf,
  noticeLine,
  unloggedField,
  whyDropped,
} from './log.texts.js';
import { LogWriter } from './log.writer.js';
import type { FactOf } from './event-bus.observer.js';
import type { ObserverFailureLog } from './observer.registry.js';
import { StateLog } from './state.log.js';
import type { TurnedState } from './state.log.js';

/** Writes every log line of one bus. */
export class LogObserver implements ObserverFailureLog {
  private readonly logger: LogWriter;
  private readonly rejections = new LogEpisode();
  /** Their cure lies here, and not with a publisher: bad payloads must not hide them. */
  private readonly failedClaims = new LogEpisode();
  private readonly lostLetters = new LogEpisodes();
  private readonly gapLines = new LogEpisode(5_000);
  private readonly overflows = new LogEpisode();
  /** One message may hold very many events, and each of them may fail. */
  private readonly failures = new LogEpisodes();
  private readonly repetitions = new LogEpisodes();
  private readonly slowness = new LogEpisodes();
  /** The handlers whose last slowness was told: that it is over is told as well. */
  private readonly toldSlow = new Set<string>();
  /** Each event may have a hook that does not end. */
  private readonly stuckHooks = new LogEpisodes();
  private readonly states = new StateLog((state, unlogged) => this.logState(state, unlogged));
  /** By what the listener listens to. */
  private readonly failedListeners = new LogEpisodes();

  constructor(bus: string) {
    this.logger = new LogWriter(bus === 'default' ? 'EventBus' : `EventBus:${bus}`);
  }

  failed({ handler, event, error, stage, isRefusal, hint }: FactOf<'failed'>): void {
    this.failures.log(handler, `${stage} ${nameOf(error)}`, (unlogged) => {
      const fields = `handler=${handler} channel=${quote(event.channel)} error=${describe(error)}`;
      const advice = hint === undefined ? '' : ` ${hint}`;
      const line = `${FAILURE_SENTENCES[stage]} (${fields}${unloggedField(unlogged)})${advice}`;
      // What refuses an event works as it should, and our stack says nothing of why.
      if (isRefusal) this.logger.warn(line);
      else this.logger.error(line, error);
    });
  }

  repeated({ handler, event, error }: FactOf<'repeated'>): void {
    this.repetitions.log(handler, nameOf(error), (unlogged) =>
      this.logger.debug(
        `A handler failed and is called again (handler=${handler} channel=${quote(event.channel)} error=${describe(error)}${unloggedField(unlogged)})`,
      ),
    );
  }

  rejected({ channel, error }: FactOf<'rejected'>): void {
    const episode = isA(error, GroupClaimError) ? this.failedClaims : this.rejections;
    episode.log((unlogged) => {
      const sentence = `A message was dropped, ${whyDropped(error)}`;
      const reason = quote(describeThrown(error).message, MAX_REASON_LENGTH);
      this.logger.warn(`${sentence} (channel=${quote(channel)} reason=${reason}${unloggedField(unlogged)})`);
    });
  }

  slowed({ handler, waitingEvents, waitingBytes, buffer }: FactOf<'slowed'>): void {
    this.slowness.log(handler, '', (unlogged) => {
      this.toldSlow.add(handler);
      const limits = `events=${waitingEvents}/${buffer.events} bytes=${waitingBytes}/${buffer.bytes}`;
      this.logger.warn(
        `A handler is too slow, events wait for it (handler=${handler} ${limits}${unloggedField(unlogged)}). When the buffer is full events are dropped (${buffer.overflow}): do less per event, raise concurrency, or let more run side by side with orderBy.`,
      );
    });
  }

  caughtUp({ handler, droppedEvents, fromMs }: FactOf<'caughtUp'>): void {
    if (!this.toldSlow.delete(handler)) return;
    this.logger.log(
      `A handler has caught up (handler=${handler} dropped=${droppedEvents} afterMs=${Date.now() - fromMs})`,
    );
  }

  stuck({ call, handler, channel = '', forMs, waitingEvents }: FactOf<'stuck'>): void {
    const ms = Math.round(forMs);
    if (call === 'hook') {
      this.stuckHooks.log(handler, '', (unlogged) =>
        this.logger.warn(
          `A hook of an observer does not end (hook=${handler} channel=${quote(channel)} forMs=${ms}${unloggedField(unlogged)}). Give what it awaits a timeout.`,
        ),
      );
    } else if (call === 'gap-handler') {
      this.logger.warn(
        `An @OnGap method does not end, and is not called for later gaps (handler=${handler} forMs=${ms}). Give what it awaits a timeout.`,
      );
    } else {
      this.logger.warn(
        `A call does not end, events wait for it (handler=${handler} channel=${quote(channel)} forMs=${ms} waiting=${waitingEvents}). Set timeoutMs, so that the next event with its key starts, and end the work when event.signal aborts.`,
      );
    }
  }

  unstuck({ handler, channel }: FactOf<'unstuck'>): void {
    this.logger.log(`A call has ended after all (handler=${handler} channel=${quote(channel)})`);
  }

  deadLetterLost({ deadLetter, letter, reason }: FactOf<'deadLetterLost'>): void {
    this.lostLetters.log(letter.handler, reason, (unlogged) =>
      this.logger.error(
        `A dead letter is lost (deadLetter=${quote(deadLetter)} handler=${letter.handler} channel=${quote(letter.event.channel)} reason=${quote(reason, MAX_REASON_LENGTH)}${unloggedField(unlogged)})`,
      ),
    );
  }

  gap({ reason, targets, fromMs, toMs, missed, hint }: FactOf<'gap'>): void {
    const advice = hint === undefined ? '' : ` ${hint}`;
    this.gapLines.log((unlogged) =>
      this.logger.warn(
        `Events may be missing (reason=${reason} missed=${missed ?? 'unknown'} forMs=${toMs - fromMs} targets=${namesOf(targets)}${unloggedField(unlogged)})${advice}`,
      ),
    );
  }

  gapHandlerFailed({ handler, error }: FactOf<'gapHandlerFailed'>): void {
    this.failures.log(handler, `gap ${nameOf(error)}`, (unlogged) =>
      this.logger.error(
        `An @OnGap method failed, what it was to reconcile may be missing (handler=${handler} error=${describe(error)}${unloggedField(unlogged)})`,
        error,
      ),
    );
  }

  started({ transport, address, handlers, subscriptions }: FactOf<'started'>): void {
    this.logger.log(
      `Event bus is ready (transport=${transport} address=${address} handlers=${handlers} subscriptions=${subscriptions})`,
    );
  }

  startFailed({ error }: FactOf<'startFailed'>): void {
    this.logger.error(`Event bus failed to start (reason=${quote(describeThrown(error).message, Infinity)})`);
  }

  closed({ drained, tookMs, unfinished }: FactOf<'closed'>): void {
    this.logger.log(
      `Event bus is closed (drained=${drained} tookMs=${Math.round(tookMs)} unfinished=${unfinished})`,
    );
  }

  stateChanged({ state, reason, isRefused, previous }: FactOf<'stateChanged'>): void {
    if (state === 'closed') this.states.close();
    else if (state === 'degraded' && previous?.state !== 'degraded')
      this.states.turned({ status: state, reason });
    else if (state === 'ready' && previous?.state === 'degraded') this.states.turned({ status: state });
    else if (state === 'connecting' && reason !== undefined && previous?.reason === undefined) {
      // It says so itself, with what to correct, when it fails the start or makes it a degraded one.
      if (isRefused) return;
      this.logger.warn(`No connection yet, trying again (reason=${quote(reason, Infinity)})`);
    }
  }

  private logState({ status, reason }: TurnedState, unlogged: number): void {
    if (status === 'ready') {
      this.logger.log(`Event bus is ready again${unlogged > 0 ? ` (unlogged=${unlogged})` : ''}`);
    } else {
      this.logger.warn(
        `Event bus is degraded, events may be lost (reason=${quote(reason ?? 'unknown', Infinity)}${unloggedField(unlogged)})`,
      );
    }
  }

  subscribed({ targets }: FactOf<'subscribed'>): void {
    for (const { kind, name } of targets)
      this.logger.debug(`Subscribed (kind=${kind} target=${quote(name)})`);
  }

  streamDropped({ target }: FactOf<'streamDropped'>): void {
    this.overflows.log((unlogged) =>
      this.logger.warn(
        `A stream drops events, its loop is too slow (target=${quote(target)}${unloggedField(unlogged)}). Raise buffer.events, or do less per event.`,
      ),
    );
  }

  listenerFailed({ listener, error }: FactOf<'listenerFailed'>): void {
    this.failedListeners.log(listener, '', (unlogged) =>
      this.logger.error(
        `A listener failed (listener=${quote(listener)} error=${describe(error)}${unloggedField(unlogged)})`,
        error,
      ),
    );
  }

  /** Of which so many others were not told before. */
  observerFailed(observer: string, method: string, error: unknown, unlogged: number): void {
    this.logger.error(
      `An observer failed (observer=${quote(observer)} method=${method} error=${describe(error)}${unloggedField(unlogged)})`,
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
