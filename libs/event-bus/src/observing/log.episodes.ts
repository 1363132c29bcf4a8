import { LogEpisode } from './log.episode.js';

/** A class of errors is a kind: more than these are told together. */
const MAX_KINDS = 8;
const THE_REST = '';
/** Listeners come and go, and may be named after what they listen to. */
const MAX_HANDLERS = 1_000;
/** Looking for those that have gone quiet takes longer than a line does. */
const LOOK_EVERY_MS = 1_000;

/**
 * The same trouble of the same handler at most once in a while, each kind by itself: what fails all the time hides nothing
 * that fails seldom. What it remembers is bounded; what is beyond that shares one episode.
 */
export class LogEpisodes {
  private readonly handlers = new Map<string, Map<string, LogEpisode>>();
  private readonly others = new LogEpisode();
  private readonly look = new LogEpisode(LOOK_EVERY_MS);

  /** As {@link LogEpisode.log}, for this kind of trouble of this handler. */
  log(handler: string, kind: string, write: (unlogged: number) => void): void {
    this.episodeOf(handler, kind).log(write);
  }

  private episodeOf(handler: string, kind: string): LogEpisode {
    let kinds = this.handlers.get(handler);
    if (kinds === undefined) {
      if (this.handlers.size >= MAX_HANDLERS) this.look.log(() => this.forgetQuiet());
      if (this.handlers.size >= MAX_HANDLERS) return this.others;
      kinds = new Map();
      this.handlers.set(handler, kinds);
    }
    const key = kinds.has(kind) || kinds.size < MAX_KINDS ? kind : THE_REST;
    let episode = kinds.get(key);
    if (episode === undefined) {
      episode = new LogEpisode();
      kinds.set(key, episode);
    }
    return episode;
  }

  private forgetQuiet(): void {
    for (const [handler, kinds] of this.handlers) {
      if ([...kinds.values()].every((episode) => episode.isOver)) this.handlers.delete(handler);
    }
  }
}
