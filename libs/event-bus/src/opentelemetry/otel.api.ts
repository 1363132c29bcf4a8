import { createRequire } from 'node:module';
import type * as OpenTelemetryApi from '@opentelemetry/api';

/** The API, whose state all its copies in a process share. */
export const otel = load();

/** Required, not imported: where it is missing, an import would fail before any code can say what to install. */
function load(): typeof OpenTelemetryApi {
  try {
    // A copy, because each export of the API is a getter.
    return { ...(createRequire(import.meta.url)('@opentelemetry/api') as typeof OpenTelemetryApi) };
  } catch (cause) {
    throw new Error(
      'nestjs-redis-event-bus/opentelemetry needs @opentelemetry/api. Run: npm install @opentelemetry/api',
      { cause },
    );
  }
}
