import type { MicroserviceContext } from './microservice.context.js';

/** The hooks of `setOnProcessingStartHook` and `setOnProcessingEndHook` of Nest's servers. */
export interface ProcessingHooks {
  /** Must call `done`, immediately or later, to start the processing. */
  start(context: MicroserviceContext, done: () => Promise<void>): unknown;
  end(context: MicroserviceContext): void;
}

/**
 * Runs the work between the hooks. Rejects with what the work or a hook threw. The promise that `done` returns to a hook only
 * shows when the work is over, so that a hook that does not await it leaves no unhandled rejection.
 */
export function withHooks(
  hooks: ProcessingHooks,
  context: MicroserviceContext,
  work: () => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = async () => {
      try {
        await work();
      } catch (error) {
        reject(error);
      }
      try {
        hooks.end(context);
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    const started = async () => hooks.start(context, done);
    started().catch(reject);
  });
}
