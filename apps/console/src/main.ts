import { EventBusError } from 'nestjs-redis-event-bus';
import { readConfig } from './app.config.js';
import { describeFailure } from './app.failure.js';
import { startConsoleApp } from './console.app.js';

try {
  const app = await startConsoleApp(readConfig(process.env));
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
} catch (error) {
  if (!(error instanceof EventBusError && error.isLogged))
    console.error(`[console] ${describeFailure(error)}`);
  process.exit(1);
}
