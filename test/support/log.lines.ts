import type { LoggerService } from '@nestjs/common';

export interface LogLine {
  readonly level: 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal';
  readonly message: string;
  /** Everything that came with it, the context last. */
  readonly rest: readonly unknown[];
}

/** Keeps what an application logs instead of printing it. */
export class LogLines implements LoggerService {
  readonly lines: LogLine[] = [];

  /** @param all gets every line as well */
  constructor(private readonly all?: LogLines) {}

  /** What somebody would have to look at. */
  get troubles(): string[] {
    return this.lines
      .filter(({ level }) => ['error', 'warn', 'fatal'].includes(level))
      .map(({ message }) => message);
  }

  /** Every line with everything that came with it. */
  get texts(): string[] {
    return this.lines.map(({ message, rest }) => [message, ...rest.map(String)].join(' '));
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.keep('log', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.keep('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.keep('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.keep('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.keep('verbose', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.keep('fatal', message, rest);
  }

  private keep(level: LogLine['level'], message: unknown, rest: readonly unknown[]): void {
    this.lines.push({ level, message: String(message), rest });
    this.all?.keep(level, message, rest);
  }
}
