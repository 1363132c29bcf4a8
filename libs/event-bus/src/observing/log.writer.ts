import type { LoggerService, LogLevel } from '@nestjs/common';
import { Logger } from '@nestjs/common';
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

  constructor(
    private readonly bus: string,
    private readonly format: LogFormat = 'text',
  ) {
    const context = bus === 'default' ? 'EventBus' : `EventBus:${bus}`;
    this.logger = new ContainedLogger(context, (error) => this.lost(error));
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
      const message = this.format === 'text' ? textOfLine(line) : objectOfLine(line, this.bus);
      this.logger[level](message, ...frames);
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
 * Nest's logger, which any other logger may replace. Failures are contained even while Nest buffers lines until that logger is
 * known.
 */
class ContainedLogger extends Logger {
  constructor(
    context: string,
    private readonly failed: (error: unknown) => void,
  ) {
    super(context);
  }

  override get localInstance(): LoggerService {
    const logger = super.localInstance as LoggerService | undefined;
    const contained =
      (level: LogLevel) =>
      (message: unknown, ...rest: unknown[]) => {
        try {
          const result: unknown = logger?.[level]?.(message, ...rest);
          if (isThenable(result)) toPromise(result).catch(this.failed);
        } catch (error) {
          this.failed(error);
        }
      };
    return {
      log: contained('log'),
      error: contained('error'),
      warn: contained('warn'),
      debug: contained('debug'),
    };
  }
}
