import { EventBusError } from 'nestjs-redis-event-bus';
import { readConfig } from './app.config.js';
import { describeFailure } from './app.failure.js';
import { startNotificationsApp } from './notifications.app.js';

try {
  const app = await startNotificationsApp(readConfig(process.env));
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
} catch (error) {
  if (!(error instanceof EventBusError && error.isLogged))
    console.error(`[notifications] ${describeFailure(error)}`);
  process.exit(1);
}
