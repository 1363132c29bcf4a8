import { BusClosedError } from '../errors.js';
import type { TransportListener, TransportState, TransportStatus } from './event.transport.js';

/** The state of a transport's links, read by {@link LinkState}. */
export interface Links {
  /** Whether every required link is up. */
  readonly areUp: boolean;
  /**
   * What is missing although the links are up, in words: a denied subscription, a slot without a master. Undefined if nothing
   * is.
   */
  readonly shortage: string | undefined;
  /** Whether the error only says that a link is lost, but not why. */
  isMute(error: Error): boolean;
  /**
   * Why there is no link, in words, without secrets.
   *
   * @param wasReady it was ready before, so a connection that closes without an error says nothing about the settings
   */
  explain(error: Error, wasReady: boolean): string;
  /** The error to reject `connect()` with, if another attempt would fail too. */
  refusalOf(error: Error, wasReady: boolean): Error | undefined;
}

/** The state of a transport for its owner, reported on each change, and the callers that wait for the links. */
export class LinkState {
  private state: TransportState = { status: 'connecting' };
  private isClosing = false;
  private wasReady = false;
  /** The best known reason for the loss of a link. */
  private latestError: Error | undefined;
  /** From the latest attempt. */
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

  /** Resolves at the next {@link update} with all links up. Rejects when they are rejected or closed. */
  nextLink(): Promise<void> {
    if (this.isClosing) return Promise.reject(new BusClosedError());
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** A link is lost. Takes effect with the next {@link update}. */
  lost(reason: Error | undefined): void {
    this.latestError = reason;
    this.isRefused = false;
  }

  /** An attempt has failed. Takes effect with the next {@link update}. */
  failed(error: Error): void {
    // One link may know a reason that the other does not.
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

  /** From now on the state only changes to `closed`. */
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
