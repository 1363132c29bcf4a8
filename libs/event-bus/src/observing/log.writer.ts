import type { LoggerService, LogLevel } from '@nestjs/common';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { framesOf, isThenable, reasonOf, toPromise } from '../foreign.js';
import { LogEpisode } from './log.episode.js';
import { quote } from '../printable.js';
import type { LogFormat, LogLine } from './log.line.js';
import { objectOfLine, textOfLine } from './log.line.js';

/**
 * Writes log lines to the application's logger. Each text is one line, with unprintable characters escaped. A logger that
 * throws or rejects loses only the line; a process warning reports it once a minute.
 */
export class LogWriter {
  private readonly logger: Logger;
  private readonly losses = new LogEpisode();

  constructor(bus: string, format: LogFormat = 'text') {
    const context = bus === 'default' ? 'EventBus' : `EventBus:${bus}`;
    const formatted = (line: LogLine) => (format === 'text' ? textOfLine(line) : objectOfLine(line, bus));
    this.logger = new ContainedLogger(context, formatted, (error) => this.lost(error));
  }

  /** @param thrown the error whose stack is shown with the line */
  error(line: LogLine, thrown?: unknown): void {
    this.write('error', line, framesOf(thrown));
  }

  warn(line: LogLine): void {
    this.write('warn', line);
  }

  log(line: LogLine): void {
    this.write('log', line);
  }

  debug(line: LogLine): void {
    this.write('debug', line);
  }

  private write(level: 'error' | 'warn' | 'log' | 'debug', line: LogLine, ...frames: unknown[]): void {
    try {
      this.logger[level](line, ...frames);
    } catch (error) {
      this.lost(error);
    }
  }

  private lost(error: unknown): void {
    this.losses.log((unlogged) =>
      process.emitWarning(
        `The application's logger failed, so log lines of the event bus are lost (reason=${quote(reasonOf(error))} lines=${unlogged + 1})`,
        { code: 'EVENT_BUS_LOGGER' },
      ),
    );
  }
}

/**
 * Nest's logger, which any other logger may replace. Its messages are lines, which are formatted when they reach that logger, and only if
 * it writes them: a start with thousands of handlers has thousands of debug lines. Failures are contained even while Nest buffers
 * lines until the logger is known.
 */
class ContainedLogger extends Logger {
  private readonly contained: LoggerService = {
    log: this.containing('log'),
    error: this.containing('error'),
    warn: this.containing('warn'),
    debug: this.containing('debug'),
  };

  constructor(
    context: string,
    private readonly formatted: (line: LogLine) => unknown,
    private readonly failed: (error: unknown) => void,
  ) {
    super(context);
  }

  override get localInstance(): LoggerService {
    return this.contained;
  }

  private containing(level: LogLevel): (line: LogLine, ...rest: unknown[]) => void {
    return (line, ...rest) => {
      try {
        const logger = super.localInstance as LoggerService | undefined;
        if (logger === undefined || isSilent(logger, level)) return;
        const result: unknown = logger[level]?.(this.formatted(line), ...rest);
        if (isThenable(result)) toPromise(result).catch(this.failed);
      } catch (error) {
        this.failed(error);
      }
    };
  }
}

/** Whether it is Nest's own method, which would not write a line of this level. */
function isSilent(logger: LoggerService, level: LogLevel): boolean {
  if (!(logger instanceof ConsoleLogger) || logger[level] !== ConsoleLogger.prototype[level]) return false;
  return !logger.isLevelEnabled(level);
}
