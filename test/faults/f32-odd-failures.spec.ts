import type {
  CallHandler,
  CanActivate,
  ExecutionContext,
  ExceptionFilter,
  PipeTransform,
} from '@nestjs/common';
import { Logger, Module, UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Gap, HandlerOptions } from 'nestjs-redis-event-bus';
import { EventBusModule, EventBusStatus, OnEvent, OnGap, redis } from 'nestjs-redis-event-bus';
import { Inbox } from '../support/inbox.js';
import { eventually } from '../support/eventually.js';
import type { Oddity } from '../support/oddities.js';
import { ODDITIES, WAYS } from '../support/oddities.js';
import type { Contender, HandlerSetup } from './support/contender.js';
import { named } from './support/contender.js';
import { HEARTBEAT } from './support/deadlines.js';
import { handlerClass } from './support/handler.class.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

interface Misbehaviour {
  readonly title: string;
  readonly channel: string;
  /** Whether the call fails, and is to be reported: what is returned may be taken for a result. */
  readonly isFailure: boolean;
  /** Of the first event of the channel. */
  readonly misbehave: () => unknown;
}

const ALL: readonly Misbehaviour[] = WAYS.flatMap((way) =>
  ODDITIES.map((oddity: Oddity): Misbehaviour => ({
    title: `${way.name} ${oddity.name}`,
    channel: `${way.name}:${oddity.name}`.replaceAll(/[^a-z:]/gi, '-'),
    isFailure: way.name !== 'returns',
    misbehave: () => way.do(oddity),
  })),
);
/** A guard that returns something odd has answered. */
const FAILURES = ALL.filter(({ isFailure }) => isFailure);

const isFirst = (payload: unknown) => (payload as { n: number }).n === 1;
const payloadOf = (context: ExecutionContext) => context.switchToRpc().getData<unknown>();

/** Where it happens: in the method, or in what stands around it. */
const PLACES: Readonly<Record<string, (misbehave: () => unknown) => MethodDecorator>> = {
  guard: (misbehave) =>
    UseGuards({
      canActivate: (context) => (isFirst(payloadOf(context)) ? misbehave() : true) as boolean,
    } satisfies CanActivate),
  pipe: (misbehave) =>
    UsePipes({
      transform: (value: unknown, { type }) => (type === 'body' && isFirst(value) ? misbehave() : value),
    } satisfies PipeTransform),
  interceptor: (misbehave) =>
    UseInterceptors({
      intercept: (context: ExecutionContext, next: CallHandler) =>
        (isFirst(payloadOf(context)) ? misbehave() : next.handle()) as ReturnType<CallHandler['handle']>,
    }),
  filter: (misbehave) => UseFilters({ catch: () => misbehave() } satisfies ExceptionFilter),
};

const stage = new FaultStage();

interface Outcome {
  readonly deaf: readonly string[];
  readonly unreported: readonly string[];
  readonly failed: number | undefined;
}

function rowOf(misbehaviours: readonly Misbehaviour[], place?: string): FaultRow<Outcome> {
  return {
    stage,
    id: 'F32',
    fault: `${place === 'interceptor' ? 'an' : 'a'} ${place ?? 'handler'} fails or answers with something odd, in ${misbehaviours.length} ways`,
    promise: 'each failure is one log line, the next event of its channel is handled, the process lives',
    async run(contender) {
      const done = misbehaviours.map(() => new Inbox<unknown>());
      const handlers = misbehaviours.map(({ channel, misbehave }, index): HandlerSetup => {
        const around = place === undefined ? undefined : PLACES[place]?.(misbehave);
        const isPlain = around === undefined;
        return {
          name: `handler${index}`,
          targets: [channel],
          handle: (payload) => {
            if (!isFirst(payload)) return (done[index] as Inbox<unknown>).push(payload);
            if (isPlain) return misbehave();
            if (place === 'filter') throw new Error('what the filter is called for');
            return undefined;
          },
          decorators: around === undefined ? [] : [around],
        };
      });
      const service = await stage.start(contender, { handlers });
      await stage.subscribed(...misbehaviours.map(({ channel }) => channel));
      for (const n of [1, 2])
        for (const { channel } of misbehaviours) await stage.redis.cli('PUBLISH', channel, `{"n":${n}}`);
      await inTime(Promise.all(done.map((inbox) => inbox.count(1))));
      const isReported = (index: number) =>
        service.log.troubles.filter((line) => line.includes(`.handler${index} `)).length === 1;
      return {
        deaf: misbehaviours
          .filter((_one, index) => done[index]?.items.length !== 1)
          .map(({ title }) => title),
        unreported: misbehaviours
          .filter(({ isFailure }, index) => isFailure && !isReported(index))
          .map(({ title }) => title),
        failed: service.bus?.inspector.snapshot().counters.failed,
      };
    },
    check({ deaf, unreported, failed }) {
      expect(deaf).toEqual([]);
      expect(unreported).toEqual([]);
      expect(failed).toBeGreaterThanOrEqual(misbehaviours.filter(({ isFailure }) => isFailure).length);
    },
    figure: ({ deaf, unreported }) =>
      `${misbehaviours.length - deaf.length} of ${misbehaviours.length} channels go on, ${unreported.length} failures unreported`,
  };
}

const withOptions = (options: HandlerOptions): Contender =>
  named(`the bus (${Object.keys(options).join() || 'defaults'})`, theBus({ handlerDefaults: options }));

describe('F32: what a handler throws or returns', () => {
  it.each<HandlerOptions>([
    {},
    { retry: { attempts: 2, delayMs: 1 } },
    { timeoutMs: 10_000 },
    { deadLetter: 'dead' },
    { orderBy: 'none', concurrency: 1 },
  ])('ends neither its channel nor the process, with %j', (options) =>
    expectToHold(rowOf(ALL), withOptions(options)),
  );

  it.each(['guard', 'pipe', 'interceptor', 'filter'])('neither does what a %s throws', (place) =>
    expectToHold(rowOf(FAILURES, place), theBus()),
  );

  it('costs plain ioredis the process (control)', () => expectToBite(rowOf(ALL), plainIoredis()));
});

describe('F32: a logger that throws', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the log is full');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('the log is full'))],
  ])('hides nothing when it %s: the status changes, and gaps are told', async (_how, write) => {
    const logger = { log: write, error: write, warn: write, debug: write, verbose: write };
    const gaps = new Inbox<Gap>();
    class Reconciler {
      @OnGap()
      reconcile(gap: Gap): void {
        gaps.push(gap);
      }
    }
    const subscribed = { targets: ['orders'], name: 'orders', handle: () => undefined };
    @Module({
      imports: [EventBusModule.forRoot({ transport: redis({ url: stage.redis.url, heartbeat: HEARTBEAT }) })],
      providers: [Reconciler, handlerClass([subscribed], (targets) => OnEvent(targets))],
    })
    class Service {}
    const app = await NestFactory.createApplicationContext(Service, { logger: false, abortOnError: false });
    stage.closeLater(() => app.close());
    Logger.overrideLogger(logger);
    stage.closeLater(() => Logger.overrideLogger(false));
    // The control: nothing between the bus and this logger would hold back what it throws.
    await expect((async () => logger.warn())()).rejects.toThrow('the log is full');

    const states: string[] = [];
    app.get(EventBusStatus).changes.subscribe((state) => states.push(state));
    await stage.redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await inTime(gaps.count(1));
    expect(gaps.items.map(({ reason }) => reason)).toEqual(['connection-lost']);
    await eventually(() => expect(states).toEqual(['ready', 'degraded', 'ready']));
  });
});
