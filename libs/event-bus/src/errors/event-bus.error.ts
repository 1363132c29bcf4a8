import { printableLines } from '../printable.js';

/** Marks every error of every copy of this package that an application has installed. */
const ERROR = Symbol.for('nestjs-redis-event-bus:error');

/** Every error of this package. `code` is for machines, the message says what happened and what to do. */
export abstract class EventBusError extends Error {
  /**
   * `EVENT_BUS_…`, one for each class, also available as a static property of the class. It stays the same between versions.
   */
  abstract readonly code: string;

  /** True when the bus has logged it as the reason why the application cannot start; else it is not there. */
  declare readonly isLogged?: true;

  constructor(message: string, options?: { cause?: unknown }) {
    super(printableLines(message), options);
    this.name = new.target.name;
  }

  /**
   * `instanceof` also works for errors of another copy of this package (a monorepo or pnpm may install several): classes are
   * compared by their code.
   */
  static override [Symbol.hasInstance](this: { readonly prototype: object }, value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    try {
      if (Object.prototype.isPrototypeOf.call(this.prototype, value)) return true;
      const { [ERROR]: isOurs, code } = value as { readonly [ERROR]?: true; readonly code?: unknown };
      // The prototypes themselves are not errors.
      if (isOurs !== true || Object.hasOwn(value, ERROR)) return false;
      if ((this as unknown) === EventBusError) return true;
      // A class that an application derived has no code of its own, so another copy cannot know it.
      return Object.hasOwn(this, 'code') && (this as { readonly code?: unknown }).code === code;
    } catch {
      // A revoked proxy, or a getter that throws.
      return false;
    }
  }

  static {
    Object.defineProperty(this.prototype, ERROR, { value: true });
  }
}

/** Not enumerable: the code that catches the error reads it, and it is not printed with the error. */
export function markLogged(error: unknown): void {
  if (error instanceof EventBusError)
    Object.defineProperty(error, 'isLogged', { value: true, configurable: true });
}
