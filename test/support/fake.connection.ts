import { EventEmitter } from 'node:events';
import type { SubscriberConnection } from '../../libs/event-bus/src/transports/redis/redis.subscriber.js';

export interface Sent {
  readonly command: string;
  /** The server's answer, at its place in the byte stream. */
  readonly confirm: (count?: number) => void;
  readonly refuse: (message?: string) => void;
}

/** A connection whose server answers when the test says so. */
export class FakeConnection implements SubscriberConnection {
  readonly redis = new EventEmitter();
  readonly sent: Sent[] = [];
  isUp = true;
  wasBlocked = false;
  isMaster = true;
  isProved = false;
  readonly inlet = undefined;
  private readonly dying: ((error: Error) => void)[] = [];

  send(name: string, args: readonly string[], answered: (reply: unknown) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.dying.push(reject);
      this.sent.push({
        command: [name, ...args].join(' '),
        confirm: (count = 1) => {
          answered(count);
          resolve();
        },
        refuse: (message = 'NOPERM') => reject(Object.assign(new Error(message), { name: 'ReplyError' })),
      });
    });
  }

  async confirmMaster(): Promise<boolean> {
    return this.isMaster;
  }

  die(subscriber: { suspend(): void }): void {
    this.isUp = false;
    for (const reject of this.dying.splice(0)) reject(new Error('the link is gone'));
    subscriber.suspend();
  }

  comeBack(subscriber: { resume(): void }): void {
    this.isUp = true;
    subscriber.resume();
  }

  /** The command that was sent next. */
  next(): Sent {
    const sent = this.sent.shift();
    if (sent === undefined) throw new Error('Nothing was sent.');
    return sent;
  }

  message(name: string, body = 'x'): void {
    this.redis.emit('messageBuffer', Buffer.from(name), Buffer.from(body));
  }
}
