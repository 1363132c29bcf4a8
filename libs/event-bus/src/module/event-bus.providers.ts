import type { Provider } from '@nestjs/common';
import { busAccessToken } from './bus.access.js';
import {
  EVENT_BUS_SETTINGS,
  EVENT_BUS_TEST_KIT,
  EVENT_BUS_TRANSPORT_OVERRIDE,
} from './event-bus.constants.js';
import { eventBusToken } from './event-bus.inject.js';
import { EventBusLifecycle } from './event-bus.lifecycle.js';
import { MODULE_OPTIONS_TOKEN } from './event-bus.module-definition.js';
import type { EventBusModuleOptions, EventBusSettings } from './event-bus.options.js';
import { resolveSettings } from './event-bus.options.js';
import { EventBusRuntime } from './event-bus.runtime.js';
import type { BusTestKit } from './event-bus.test-kit.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { EventBusStatus } from '../introspection/event-bus.status.js';
import { EventBusObservers } from '../observing/event-bus.observers.js';
import { EventBusPublisher } from '../publishing/event-bus.publisher.js';
import { EventBusSubscriber } from '../subscribing/event-bus.subscriber.js';
import type { TransportFactory } from '../transports/event.transport.js';

const PARTS = [
  { type: EventBusPublisher, part: 'publisher' },
  { type: EventBusSubscriber, part: 'subscriber' },
  { type: EventBusInspector, part: 'inspector' },
  { type: EventBusStatus, part: 'status' },
  { type: EventBusObservers, part: 'observers' },
] as const;

/** The injectables of one bus, exported to other modules. */
export function exportedProviders(name: string): Provider[] {
  const parts: Provider[] = PARTS.map(({ type, part }) => ({
    provide: eventBusToken<unknown>(type, name),
    useFactory: (runtime: EventBusRuntime) => runtime[part],
    inject: [EventBusRuntime],
  }));
  const access = ({ access: of }: EventBusRuntime) => of;
  return [...parts, { provide: busAccessToken(name), useFactory: access, inject: [EventBusRuntime] }];
}

/** The providers behind them, private to the module. */
export function internalProviders(name: string): Provider[] {
  return [
    {
      provide: EVENT_BUS_SETTINGS,
      useFactory: (options: EventBusModuleOptions) => resolveSettings(options, name),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: EventBusRuntime,
      useFactory: (settings: EventBusSettings, override?: TransportFactory, kit?: BusTestKit) =>
        new EventBusRuntime(settings, override ?? settings.transport, kit),
      inject: [
        EVENT_BUS_SETTINGS,
        { token: EVENT_BUS_TRANSPORT_OVERRIDE, optional: true },
        { token: EVENT_BUS_TEST_KIT, optional: true },
      ],
    },
    EventBusLifecycle,
  ];
}
