/** Publishes wait for a few answers that are outstanding; more than this means that they will not arrive. */
export const MAX_HELD_MESSAGES = 10_000;

/** A script that was refused before it started. */
export interface UnstartedScript {
  /** The result of {@link ScriptFlight.depart} for it. */
  readonly place: number;
  /** Sends its messages in another way. */
  sendAgain(): void;
  /** Settles its messages with the server's answer. */
  giveUp(): void;
}

export interface HeldPublish {
  readonly messageCount: number;
  send(): void;
}

/**
 * Scripts on one link without an answer, and everything written after them. A script that was refused before it started may be
 * sent again in another way, but only if nothing after it was executed. It therefore waits until everything written is
 * answered, and new publishes wait behind it.
 */
export class ScriptFlight {
  /** The number of writes that are unanswered or wait to be sent again. While it is 0, a write cannot overtake anything. */
  pending = 0;
  private latestPlace = 0;
  private latestExecuted = 0;
  /** In the order in which they were written. */
  private unstarted: UnstartedScript[] = [];
  private held: HeldPublish[] = [];
  private heldMessages = 0;

  /** New publishes have to wait, see {@link hold}. */
  get isHolding(): boolean {
    return this.unstarted.length > 0;
  }

  /** A script was written, or something after one. @returns its place, for its answer, which follows once. */
  depart(): number {
    this.pending += 1;
    this.latestPlace += 1;
    return this.latestPlace;
  }

  /** It was executed, or this is unknown: earlier refused scripts would now arrive after it. */
  executed(place: number): void {
    this.latestExecuted = Math.max(this.latestExecuted, place);
    this.pending -= 1;
    this.proceed();
  }

  /** It was refused, and needs nothing more. */
  turnedDown(): void {
    this.pending -= 1;
    this.proceed();
  }

  refused(script: UnstartedScript): void {
    this.unstarted.push(script);
    this.proceed();
  }

  /** Sends it as soon as nothing has to go before it. False if too much is waiting already. */
  hold(publish: HeldPublish): boolean {
    if (this.heldMessages + publish.messageCount > MAX_HELD_MESSAGES) return false;
    this.heldMessages += publish.messageCount;
    this.held.push(publish);
    return true;
  }

  private proceed(): void {
    if (!this.isHolding) return;
    const all = this.unstarted;
    this.unstarted = all.filter(({ place }) => place > this.latestExecuted);
    this.pending -= all.length - this.unstarted.length;
    for (const script of all) if (script.place < this.latestExecuted) script.giveUp();
    if (this.pending === this.unstarted.length) this.sendUnstarted();
    if (this.isHolding) return;
    this.heldMessages = 0;
    for (const publish of this.held.splice(0)) publish.send();
  }

  private sendUnstarted(): void {
    const all = this.unstarted.splice(0);
    this.pending -= all.length;
    for (const script of all) script.sendAgain();
  }
}
