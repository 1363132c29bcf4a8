import type { DynamicModule } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '../errors.js';
import { EVENT_BUS_TEST_KIT, EVENT_BUS_TRANSPORT_OVERRIDE } from '../module/event-bus.constants.js';
import { EventBusCopies } from '../module/event-bus.copies.js';
import type { BusTestKit } from '../module/event-bus.test-kit.js';
import type { TransportFactory } from '../transports/event.transport.js';
import { MemoryBroker, memoryBroker } from '../transports/memory/memory.broker.js';
import { memory } from '../transports/memory/memory.transport.js';
import { EventBusFaults } from './event-bus.faults.js';
import { EventRecorder } from './event.recorder.js';

/** Options of `EventBusTestingModule.forRoot()`. */
export interface EventBusTestingOptions {
  /**
   * A broker shared by several applications of one test, which then receive each other's events. By default each has its own.
   */
  readonly broker?: MemoryBroker | undefined;
  /**
   * A real transport, e.g. `redis({ url })`, for tests that need Redis.
   * @default the in-process transport
   */
  readonly transport?: TransportFactory | undefined;
}

const TRANSPORT = Symbol('nestjs-redis-event-bus:testing-transport');

/**
 * Import it next to the application's root module, as a class or with `forRoot()`: every bus of the application then uses the
 * in-process transport, without Redis, and the application provides an {@link EventRecorder} and {@link EventBusFaults}.
 */
@Global()
@Module({
  providers: [
    EventBusFaults,
    { provide: MemoryBroker, useFactory: memoryBroker },
    {
      provide: EventRecorder,
      useFactory: (broker: MemoryBroker) => new EventRecorder(broker),
      inject: [MemoryBroker],
    },
    {
      provide: EVENT_BUS_TEST_KIT,
      useFactory: (recorder: EventRecorder, faults: EventBusFaults): BusTestKit => ({
        observers: [recorder.observer, faults.observer],
        attached: (bus, prefix) => {
          recorder.attached(bus);
          faults.attached(prefix);
        },
      }),
      inject: [EventRecorder, EventBusFaults],
    },
    { provide: TRANSPORT, useFactory: (broker: MemoryBroker) => memory({ broker }), inject: [MemoryBroker] },
    {
      provide: EVENT_BUS_TRANSPORT_OVERRIDE,
      useFactory: (transport: TransportFactory, faults: EventBusFaults, modules: ModulesContainer) => {
        // Before any bus connects: a bus of an incompatible copy would connect to its real transport.
        const problems = new EventBusCopies(modules).problems();
        if (problems.length > 0) throw new ConfigurationError(problems);
        return faults.connection.wrap(transport);
      },
      inject: [TRANSPORT, EventBusFaults, ModulesContainer],
    },
  ],
  exports: [MemoryBroker, EventRecorder, EventBusFaults, EVENT_BUS_TEST_KIT, EVENT_BUS_TRANSPORT_OVERRIDE],
})
export class EventBusTestingModule {
  /** With a broker that several applications share, or with a real transport. */
  static forRoot({ broker, transport }: EventBusTestingOptions = {}): DynamicModule {
    return {
      module: EventBusTestingModule,
      providers: [
        ...(broker === undefined ? [] : [{ provide: MemoryBroker, useValue: broker }]),
        ...(transport === undefined ? [] : [{ provide: TRANSPORT, useValue: transport }]),
      ],
    };
  }
}
