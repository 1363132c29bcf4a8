import type { EventHandler, HandlerCallee } from '../dispatching/event.handler.js';
import { invokeFully } from '../dispatching/event.handler.js';
import { ignoreRejection, isThenable, toPromise } from '../foreign.js';
import type { EventContext } from '../message/event-context.js';
import { attemptOf, originalOf } from '../message/event-context.js';
import type { AroundHandle } from './event-bus.observer.js';
import type { HookWatch } from './hook.watch.js';
import type { ContainedObserver, ObserverRegistry } from './observer.registry.js';
import { OnceCall } from './once.call.js';

type Answers = WeakMap<EventHandler, AroundHandle | undefined>;

/** Calls handlers through the hooks of observers: exactly once, whatever a hook does. */
export class HandleHooks {
  /** The function that each observer returned for each handler. Each observer is asked once. */
  private readonly answers = new WeakMap<ContainedObserver, Answers>();

  constructor(
    private readonly bus: string,
    private readonly observers: ObserverRegistry,
    private readonly watch: HookWatch,
  ) {}

  /**
   * The function to call in place of the handler: the handler itself if no observer wraps it. The first observer is the
   * outermost.
   */
  around(handler: EventHandler): HandlerCallee {
    return this.observers.withHook('aroundHandle').reduceRight<HandlerCallee>((inner, observer) => {
      const hook = this.hookOf(observer, handler);
      return hook === undefined ? inner : { invoke: (event) => this.run(observer, hook, event, inner) };
    }, handler);
  }

  private hookOf(observer: ContainedObserver, handler: EventHandler): AroundHandle | undefined {
    const answers = this.answers.get(observer) ?? new WeakMap<EventHandler, AroundHandle | undefined>();
    this.answers.set(observer, answers);
    if (!answers.has(handler)) answers.set(handler, this.ask(observer, handler));
    return answers.get(handler);
  }

  private ask(
    { observer, failed }: ContainedObserver,
    { name, targets, settings }: EventHandler,
  ): AroundHandle | undefined {
    try {
      const texts = targets.map(({ text }) => text);
      const group = settings?.group;
      const grouped = typeof group === 'string' ? { group } : {};
      const hook: unknown = observer.aroundHandle?.({ bus: this.bus, name, targets: texts, ...grouped });
      if (hook === undefined || typeof hook === 'function') return hook as AroundHandle | undefined;
      ignoreRejection(hook);
      throw new TypeError('It must return a function, or undefined.');
    } catch (error) {
      failed('aroundHandle', error);
      return undefined;
    }
  }

  private run(
    observer: ContainedObserver,
    hook: AroundHandle,
    event: EventContext,
    handler: HandlerCallee,
  ): void | Promise<void> {
    const call = new OnceCall(invokeFully, handler, event);
    let end: Promise<unknown> | undefined;
    try {
      const returned: unknown = hook(event, call.next, {
        attempt: attemptOf(event),
        bytes: originalOf(event).bytes,
      });
      if (isThenable(returned)) end = toPromise(returned);
    } catch (error) {
      if (!call.hasFailedWith(error)) observer.failed('aroundHandle', error);
    }
    if (end === undefined) return call.next();
    const { channel } = event;
    const made = this.watch.follow({ observer, name: 'aroundHandle', channel, end, call });
    return call.isMade ? call.next() : made.then(() => call.next());
  }
}
