import type { ServerResponse } from 'node:http';
import type { ConsoleFrame, ConsoleWelcome } from '../frame.js';
import type { Viewer, Viewers } from '../viewers.js';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // A compressing middleware would keep frames back.
  'cache-control': 'no-store, no-transform',
  // So would a proxy.
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/**
 * Server-sent events by hand: what Nest's @Sse() writes, an interceptor of the application may wrap, and it queues for a client that
 * does not read. The latest frame wins: a client that is behind gets no frame until it has read the one before.
 */
export class FrameStream implements Viewer {
  private isBehind = false;
  /** Rows and samples of frames that this viewer did not get. */
  private skipped = 0;

  static open(response: ServerResponse, viewers: Viewers): void {
    response.writeHead(200, HEADERS);
    const stream = new FrameStream(response);
    response.on('drain', () => (stream.isBehind = false));
    response.on('error', () => viewers.remove(stream));
    response.on('close', () => viewers.remove(stream));
    viewers.add(stream);
  }

  private constructor(private readonly response: ServerResponse) {}

  welcome(welcome: ConsoleWelcome): void {
    this.write('welcome', welcome);
  }

  show(frame: ConsoleFrame): void {
    const { rows, notShown } = frame.tail;
    if (this.isBehind) {
      this.skipped += rows.length + notShown;
      return;
    }
    const { skipped } = this;
    this.skipped = 0;
    this.write('frame', skipped === 0 ? frame : { ...frame, tail: { rows, notShown: notShown + skipped } });
  }

  end(): void {
    this.response.end();
  }

  private write(event: string, data: object): void {
    this.isBehind = !this.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
