import { BusClosedError } from '../errors.js';
import type { TransportListener, TransportState, TransportStatus } from './event.transport.js';

/** What a transport knows of its links, whenever {@link LinkState} asks. */
export interface Links {
  /** Every link that is needed is up. */
  readonly areUp: boolean;
  /** What is missing although they are up, for people: a denied subscription, a slot without a master. Undefined when nothing is. */
  readonly shortage: string | undefined;
  /** It says that a link is gone, and nothing about why. */
  isMute(error: Error): boolean;
  /**
   * Why there is no link, for people, without secrets.
   *
   * @param wasReady it was ready once, so that an end without a word says nothing about the settings
   */
  explain(error: Error, wasReady: boolean): string;
  /** What to reject `connect()` with when trying again cannot help. */
  refusalOf(error: Error, wasReady: boolean): Error | undefined;
}

/** The state of a transport as its owner sees it, told whenever it changes, and who waits for the links. */
export class LinkState {
  private state: TransportState = { status: 'connecting' };
  private isClosing = false;
  private wasReady = false;
  /** The best reason known why a link is gone. */
  private latestError: Error | undefined;
  /** By the latest attempt. */
  private isRefused = false;
  private waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(
    private readonly links: Links,
    private readonly listener: Pick<TransportListener, 'state'>,
  ) {}

  get current(): TransportState {
    return this.state;
  }

  get areUp(): boolean {
    return this.links.areUp;
  }

  /** Resolves at the next {@link update} that finds all links up. Rejects when they are refused or closed. */
  nextLink(): Promise<void> {
    if (this.isClosing) return Promise.reject(new BusClosedError());
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** A link is gone. Counts with the next {@link update}. */
  lost(reason: Error | undefined): void {
    this.latestError = reason;
    this.isRefused = false;
  }

  /** An attempt has failed. Counts with the next {@link update}. */
  failed(error: Error): void {
    // One link may know what the other does not.
    if (this.latestError === undefined || !this.links.isMute(error)) this.latestError = error;
    const refusal = this.links.refusalOf(error, this.wasReady);
    this.isRefused = refusal !== undefined;
    if (refusal !== undefined) this.rejectAll(refusal);
  }

  /** The links, or what is missing on them, may have changed. */
  update(): void {
    if (this.isClosing) return;
    const { areUp } = this.links;
    if (areUp) for (const { resolve } of this.waiting.splice(0)) resolve();
    const shortage = areUp ? this.links.shortage : undefined;
    const isReady = areUp && shortage === undefined;
    const status: TransportStatus = isReady ? 'ready' : this.wasReady || areUp ? 'degraded' : 'connecting';
    const reason = areUp ? shortage : this.linkProblem;
    if (reason === undefined) this.moveTo({ status });
    else if (areUp) this.moveTo({ status, reason });
    else {
      const state = { status, reason, error: this.latestError };
      this.moveTo(this.isRefused ? { ...state, isRefused: true } : state);
    }
  }

  /** Nothing changes any more but to `closed`. */
  closing(): void {
    this.isClosing = true;
    this.rejectAll(new BusClosedError());
  }

  closed(): void {
    this.moveTo({ status: 'closed' });
  }

  private get linkProblem(): string | undefined {
    if (this.latestError !== undefined) return this.links.explain(this.latestError, this.wasReady);
    return this.wasReady ? 'connection closed' : undefined;
  }

  private rejectAll(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private moveTo(state: TransportState): void {
    const { status, reason } = this.state;
    if (state.status === 'ready') this.wasReady = true;
    this.state = state;
    if (state.status !== status || state.reason !== reason) this.listener.state(state);
  }
}
