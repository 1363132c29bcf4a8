import type { ConsoleFrame, ConsoleWelcome } from './frame.js';

/** One page that is open. */
export interface Viewer {
  welcome(welcome: ConsoleWelcome): void;
  show(frame: ConsoleFrame): void;
  /** The console closes. */
  end(): void;
}

/** What the console does for its viewers. */
export interface Show {
  /** The first one came. */
  begin(): void;
  /** The last one has been gone for some time. */
  end(): void;
  next(): ConsoleFrame;
  first(frame: ConsoleFrame): ConsoleFrame;
}

/** Six of a browser are its limit for one site over HTTP/1.1. */
const MAX_VIEWERS = 20;
const FRAME_EVERY_MS = 1_000;
/** A page that is loaded again keeps the history. */
const LINGER_MS = 30_000;

/** Everybody who looks. While nobody does, the console does nothing, and services send no reports. */
export class Viewers {
  private readonly viewers = new Set<Viewer>();
  private timer: NodeJS.Timeout | undefined;
  private ending: NodeJS.Timeout | undefined;
  private latest: ConsoleFrame | undefined;

  constructor(
    private readonly show: Show,
    private readonly welcome: ConsoleWelcome,
  ) {}

  get isFull(): boolean {
    return this.viewers.size >= MAX_VIEWERS;
  }

  add(viewer: Viewer): void {
    clearTimeout(this.ending);
    this.viewers.add(viewer);
    if (this.timer === undefined) this.begin();
    viewer.welcome(this.welcome);
    viewer.show(this.show.first(this.latest ?? this.show.next()));
  }

  remove(viewer: Viewer): void {
    if (!this.viewers.delete(viewer) || this.viewers.size > 0) return;
    this.ending = setTimeout(() => this.end(), LINGER_MS).unref();
  }

  /** Nobody is shown anything from here on. */
  close(): void {
    clearTimeout(this.ending);
    for (const viewer of this.viewers) viewer.end();
    this.viewers.clear();
    this.end();
  }

  private begin(): void {
    this.show.begin();
    this.latest = undefined;
    this.timer = setInterval(() => this.tick(), FRAME_EVERY_MS).unref();
  }

  private tick(): void {
    this.latest = this.show.next();
    for (const viewer of this.viewers) viewer.show(this.latest);
  }

  private end(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.show.end();
  }
}
