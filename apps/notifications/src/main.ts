import { readConfig } from './app.config.js';
import { describeFailure } from './app.failure.js';
import { startNotificationsApp } from './notifications.app.js';

try {
  const app = await startNotificationsApp(readConfig(process.env));
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
} catch (error) {
  console.error(`[notifications] ${describeFailure(error)}`);
  process.exit(1);
}
