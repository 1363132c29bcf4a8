import type { LoggerService, LogLevel } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { framesOf, isThenable, reasonOf, toPromise } from '../foreign.js';
import { LogEpisode } from './log.episode.js';
import { quote } from '../printable.js';
import type { LogFormat, LogLine } from './log.line.js';
import { objectOfLine, textOfLine } from './log.line.js';

/**
 * Writes log lines through whatever logger the application has. A text is one line: what is not printable in it is escaped. A
 * logger that throws, or rejects, loses the line and nothing else; a warning of the process says so, once a minute.
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

  /** @param thrown whose stack is shown with the line */
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
        `The logger of the application failed, and the event bus goes on without its lines (reason=${quote(reasonOf(error))} lines=${unlogged + 1})`,
        { code: 'EVENT_BUS_LOGGER' },
      ),
    );
  }
}

/** Nest's, for which any logger may stand in: contained also where Nest holds lines back until that one is known. */
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
