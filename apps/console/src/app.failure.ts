import { types } from 'node:util';
import { EventBusError } from 'nestjs-redis-event-bus';
import { AppConfigError } from './app.config.js';

type ListenFailure = NodeJS.ErrnoException & { port?: number; address?: string; hostname?: string };

/** Why the app did not start. Only unexpected errors have a stack. */
export function describeFailure(error: unknown): string {
  if (error instanceof AppConfigError || error instanceof EventBusError) return error.message;
  if (!types.isNativeError(error)) return String(error);
  return describeListenFailure(error) ?? error.stack ?? error.message;
}

function describeListenFailure({ code, port, address, hostname }: ListenFailure): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is already in use. Set PORT to a free port, or stop the process that uses it.`;
    case 'EACCES':
      return `Port ${port} is only for privileged users. Set PORT to a port above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address ?? hostname} is not an address of this host. Set HOST to an address of this host, or leave it out.`;
    default:
      return undefined;
  }
}
