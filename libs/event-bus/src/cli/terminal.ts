import type { Writable } from 'node:stream';
import { printable } from '../printable.js';

/** The streams of a process, and what ends it. */
export interface ProcessStreams {
  readonly stdin: AsyncIterable<Buffer | string>;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable;
}

/** Where a command writes to and reads from. No line of it acts on the terminal: control characters are escaped. */
export class Terminal {
  private readonly ending = new AbortController();
  private writeError: Error | undefined;

  constructor(private readonly streams: ProcessStreams) {
    streams.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // `| head` closes the pipe when it has seen enough.
      if (error.code !== 'EPIPE') this.writeError = error;
      this.end();
    });
    streams.stderr.on('error', () => this.end());
  }

  /** Aborted when the command shall end: Ctrl-C, or nobody reads its output any more. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Whether somebody looks at a screen, which can be drawn again. */
  get isScreen(): boolean {
    return this.streams.stdout.isTTY === true;
  }

  /** Of the screen, in characters. */
  get size(): { readonly columns: number; readonly rows: number } {
    const { columns = 80, rows = 24 } = this.streams.stdout;
    return { columns, rows };
  }

  end(): void {
    this.ending.abort();
  }

  /** Why stdout cannot be written to. Undefined while it can, and if its reader has only gone. */
  get failure(): Error | undefined {
    return this.writeError;
  }

  /** Resolves when the command shall end. */
  async ended(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** A line of the result. */
  print(line: string): void {
    if (!this.signal.aborted) this.streams.stdout.write(`${printable(line)}\n`);
  }

  /** A line about the command itself, on stderr. */
  note(line: string): void {
    this.streams.stderr.write(`${printable(withoutUserInfo(line))}\n`);
  }

  /** Lines of this package, as they are. */
  show(text: string): void {
    if (!this.signal.aborted) this.streams.stdout.write(text);
  }

  /** All of stdin. */
  async readInput(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.streams.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }
}

/** An argument in a wrong place may be a URL with a password. */
function withoutUserInfo(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z\d+.-]*:\/\/)[^\s/]*@/gi, '$1…@');
}
