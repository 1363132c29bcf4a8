import type { DynamicModule } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { EVENT_BUS_TAP, EVENT_BUS_TRANSPORT_OVERRIDE } from '../event-bus.constants.js';
import { MemoryBroker, memoryBroker } from '../transports/memory/memory.broker.js';
import { memory } from '../transports/memory/memory.transport.js';
import { EventRecorder } from './event.recorder.js';

export interface EventBusTestingOptions {
  /** Shared by several applications of one test, which then hear each other. A new one when left out. */
  readonly broker?: MemoryBroker;
}

/**
 * Import it beside the application's root module, as it is or by `forRoot()`: every bus of the application then runs
 * on the in-process transport, without Redis, and an {@link EventRecorder} can be taken from the application.
 */
@Global()
@Module({
  providers: [
    { provide: MemoryBroker, useFactory: memoryBroker },
    {
      provide: EventRecorder,
      useFactory: (broker: MemoryBroker) => new EventRecorder(broker),
      inject: [MemoryBroker],
    },
    { provide: EVENT_BUS_TAP, useExisting: EventRecorder },
    {
      provide: EVENT_BUS_TRANSPORT_OVERRIDE,
      useFactory: (broker: MemoryBroker) => memory({ broker }),
      inject: [MemoryBroker],
    },
  ],
  exports: [MemoryBroker, EventRecorder, EVENT_BUS_TAP, EVENT_BUS_TRANSPORT_OVERRIDE],
})
export class EventBusTestingModule {
  static forRoot({ broker }: EventBusTestingOptions = {}): DynamicModule {
    return {
      module: EventBusTestingModule,
      providers: broker === undefined ? [] : [{ provide: MemoryBroker, useValue: broker }],
    };
  }
}
