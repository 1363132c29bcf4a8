/** Publishes wait for a few answers that are on their way; more than this means that they do not come. */
export const MAX_HELD_MESSAGES = 10_000;

/** A script that was refused before it began. */
export interface UnstartedScript {
  /** What {@link ScriptFlight.depart} has returned for it. */
  readonly place: number;
  /** Sends its messages in another way. */
  sendAgain(): void;
  /** Settles its messages with what the server said. */
  giveUp(): void;
}

export interface HeldPublish {
  readonly messageCount: number;
  send(): void;
}

/**
 * Scripts on one link that the server has not answered, and what was written behind them. One that was refused before it began
 * may be sent again in another way, but only where nothing behind it was executed: so it waits until all that was written is
 * answered, and what is published meanwhile waits behind it.
 */
export class ScriptFlight {
  /** What is unanswered, or waits to be sent again. As long as it is nothing, what is written can overtake nothing. */
  pending = 0;
  private latestPlace = 0;
  private latestExecuted = 0;
  /** In the order in which they were written. */
  private unstarted: UnstartedScript[] = [];
  private held: HeldPublish[] = [];
  private heldMessages = 0;

  /** What is published now has to wait, see {@link hold}. */
  get isHolding(): boolean {
    return this.unstarted.length > 0;
  }

  /** A script is written, or something behind one. @returns its place, for its answer, which follows once. */
  depart(): number {
    this.pending += 1;
    this.latestPlace += 1;
    return this.latestPlace;
  }

  /** It was executed, or nobody knows: what was refused before it would come behind it now. */
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

  /** Sends it as soon as nothing has to go before it. False when too much waits already. */
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
