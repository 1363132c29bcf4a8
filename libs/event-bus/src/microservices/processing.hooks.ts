import type { MicroserviceContext } from './microservice.context.js';

/** What `setOnProcessingStartHook` and `setOnProcessingEndHook` of Nest's servers set. */
export interface ProcessingHooks {
  /** Has to call `done`, at once or later, for the processing to start. */
  start(context: MicroserviceContext, done: () => Promise<void>): unknown;
  end(context: MicroserviceContext): void;
}

/**
 * Runs the work between the hooks. Rejects with what the work or a hook threw; what `done` returns to a hook only
 * says that the work is over, so that a hook which does not await it leaves no rejection unhandled.
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
