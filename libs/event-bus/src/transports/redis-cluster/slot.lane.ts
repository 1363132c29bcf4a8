import { setTimeout as delay } from 'node:timers/promises';
import { NotConnectedError, PublishBufferFullError } from '../../errors.js';
import { bodyOf } from '../event.transport.js';
import type { MessageBody, OutgoingMessage, PublishOutcome } from '../event.transport.js';
import { performance } from '../real.time.js';
import { HAND_OVER_MS } from './hand-over.js';
import type { OwnerLink } from './owner.links.js';

/** A slot that is on its way from one node to another is refused at most by both. */
const MAX_REDIRECTIONS = 4;
/** While a first connection is made, or a slot moves. */
const MAX_WAITING = 1_000;

/** What a lane needs of the link to an owner. */
export interface LaneOwner extends Pick<OwnerLink, 'opening' | 'error'> {
  readonly connection: Pick<OwnerLink['connection'], 'isUp'>;
  readonly publisher: Pick<OwnerLink['publisher'], 'publish'>;
}

export interface LaneMessage {
  readonly message: OutgoingMessage;
  /** Called once. */
  readonly settle: (outcome: PublishOutcome) => void;
}

interface Item extends LaneMessage {
  redirections: number;
}

/**
 * The messages of one slot, in order: they go to the owner of the slot, and to the next one only when the last has answered
 * for all. What it has refused because the slot has left goes first then; nothing else is ever sent twice.
 */
export class SlotLane {
  private waiting: Item[] = [];
  private redirected: Item[] = [];
  private inFlight = 0;
  private link: LaneOwner | undefined;
  /** performance.now() of the last answer that was no refusal. */
  private acceptedAtMs = -Infinity;
  private isWaiting = false;

  constructor(
    private readonly ownerLink: () => LaneOwner | undefined,
    /** Called with what a node says of a slot that is not its own. */
    private readonly learn: (refusal: string) => void,
  ) {}

  get isIdle(): boolean {
    return this.inFlight === 0 && this.waiting.length === 0 && this.redirected.length === 0;
  }

  send(messages: readonly LaneMessage[]): void {
    for (const { message, settle } of messages) {
      if (this.waiting.length >= MAX_WAITING) this.pump();
      if (this.waiting.length >= MAX_WAITING) {
        settle({ error: new PublishBufferFullError(`${MAX_WAITING} events of one slot`) });
      } else {
        this.waiting.push({ message: madeOnce(message), settle, redirections: 0 });
      }
    }
    this.pump();
  }

  private pump(): void {
    while (this.waiting.length > 0 && !this.isWaiting) {
      const link = this.ownerLink();
      if (this.inFlight > 0 && (link !== this.link || this.redirected.length > 0)) return;
      if (link === undefined) this.refuse(new NotConnectedError('no node serves the slot of this channel'));
      else if (link.opening !== undefined) this.waitFor(link.opening);
      else if (!link.connection.isUp) this.refuse(link.error);
      else if (link !== this.link && this.handOverMs > 0) this.waitFor(delay(this.handOverMs));
      else this.dispatch(link, this.waiting.splice(0));
    }
  }

  /** A failover makes the owner a replica, which takes messages still: so long it may pass on what it has accepted. */
  private get handOverMs(): number {
    return Math.ceil(this.acceptedAtMs + HAND_OVER_MS - performance.now());
  }

  private dispatch(link: LaneOwner, items: readonly Item[]): void {
    this.link = link;
    this.inFlight += items.length;
    link.publisher.publish(
      items.map(({ message }) => message),
      (index, outcome) => this.answered(items[index] as Item, outcome),
    );
  }

  private answered(item: Item, outcome: PublishOutcome): void {
    this.inFlight -= 1;
    const refusal = refusalIn(outcome);
    if (refusal?.startsWith('MOVED ')) this.learn(refusal);
    // One that refuses has let go of the slot, and passes nothing on.
    this.acceptedAtMs = refusal === undefined ? performance.now() : -Infinity;
    if (refusal === undefined || item.redirections === MAX_REDIRECTIONS) item.settle(outcome);
    else this.redirected.push(item);
    item.redirections += 1;
    if (this.inFlight > 0) return;
    this.waiting.unshift(...this.redirected.splice(0));
    this.pump();
  }

  private waitFor(condition: Promise<unknown>): void {
    this.isWaiting = true;
    void condition.then(() => {
      this.isWaiting = false;
      this.pump();
    });
  }

  private refuse(error: NotConnectedError): void {
    for (const { settle } of this.waiting.splice(0)) settle({ error });
  }
}

/** What the node said, when it executed nothing because the slot is not its own, or is about to leave it. */
function refusalIn(outcome: PublishOutcome): string | undefined {
  const cause = 'error' in outcome ? outcome.error.cause : undefined;
  return cause instanceof Error && /^(MOVED|ASK|TRYAGAIN)\b/.test(cause.message) ? cause.message : undefined;
}

function madeOnce(message: OutgoingMessage): OutgoingMessage {
  if (typeof message.body !== 'function') return message;
  let body: MessageBody | undefined;
  return { ...message, body: () => (body ??= bodyOf(message)) };
}
