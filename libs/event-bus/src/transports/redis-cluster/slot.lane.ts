import { setTimeout as delay } from 'node:timers/promises';
import { NotConnectedError, PublishBufferFullError } from '../../errors.js';
import { bodyOf } from '../event.transport.js';
import type { MessageBody, OutgoingMessage, PublishOutcome } from '../event.transport.js';
import { performance } from '../real.time.js';
import { HAND_OVER_MS } from './hand-over.js';
import type { OwnerLink } from './owner.links.js';

/** A slot that is being migrated is refused by at most two nodes. */
const MAX_REDIRECTIONS = 4;
/** The limit while a first connection is made, or a slot is migrated. */
const MAX_WAITING = 1_000;

/** The part of the link to an owner that a lane needs. */
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
 * The messages of one slot, in order: they are sent to the owner of the slot, and to the next owner only when the last one has
 * answered for all. Messages that were refused because the slot has moved are sent first; nothing else is sent twice.
 */
export class SlotLane {
  private waiting: Item[] = [];
  private redirected: Item[] = [];
  private inFlight = 0;
  private link: LaneOwner | undefined;
  /** performance.now() of the last answer that was not a refusal. */
  private acceptedAtMs = -Infinity;
  private isWaiting = false;

  constructor(
    private readonly ownerLink: () => LaneOwner | undefined,
    /** Called with a node's error about a slot that it does not own. */
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

  /** After a failover the old owner is a replica that still accepts messages: it may forward them for this time. */
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
    // A node that refuses has released the slot, and forwards nothing any more.
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

/** The node's error if it executed nothing, because it does not own the slot or is about to release it. */
function refusalIn(outcome: PublishOutcome): string | undefined {
  const cause = 'error' in outcome ? outcome.error.cause : undefined;
  return cause instanceof Error && /^(MOVED|ASK|TRYAGAIN)\b/.test(cause.message) ? cause.message : undefined;
}

function madeOnce(message: OutgoingMessage): OutgoingMessage {
  if (typeof message.body !== 'function') return message;
  let body: MessageBody | undefined;
  return { ...message, body: () => (body ??= bodyOf(message)) };
}
