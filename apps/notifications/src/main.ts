import { StartupError } from 'nestjs-redis-event-bus';
import { readConfig } from './app.config.js';
import { describeFailure } from './app.failure.js';
import { startNotificationsApp } from './notifications.app.js';

try {
  const app = await startNotificationsApp(readConfig(process.env));
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
} catch (error) {
  // The bus has logged why.
  if (!(error instanceof StartupError)) console.error(`[notifications] ${describeFailure(error)}`);
  process.exit(1);
}
