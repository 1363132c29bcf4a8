import { LogEpisode } from './log.episode.js';

/** Each class of errors is a kind. Beyond this number, kinds share one episode. */
const MAX_KINDS = 8;
const THE_REST = '';
/** Listeners are added and removed, and may have what they listen to in their name. */
const MAX_HANDLERS = 1_000;
/** Searching for episodes that are over takes longer than writing a line. */
const LOOK_EVERY_MS = 1_000;

/**
 * Logs the same problem of the same handler at most once per interval, each kind separately: a frequent failure does not hide a
 * rare one. Memory is bounded; kinds beyond the limit share one episode.
 */
export class LogEpisodes {
  private readonly handlers = new Map<string, Map<string, LogEpisode>>();
  private readonly others = new LogEpisode();
  private readonly look = new LogEpisode(LOOK_EVERY_MS);

  /** Like {@link LogEpisode.log}, for this kind of problem of this handler. */
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
