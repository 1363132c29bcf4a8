import { Inject } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { DEFAULT_BUS } from './event-bus.constants.js';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { EventBusStatus } from '../introspection/event-bus.status.js';
import { EventBusObservers } from '../observing/event-bus.observers.js';
import { EventBusPublisher } from '../publishing/event-bus.publisher.js';
import { EventBusSubscriber } from '../subscribing/event-bus.subscriber.js';

/** The injection token of one of a bus' injectables. For the default bus it is the class itself. */
export function eventBusToken<T>(type: Type<T>, name: string = DEFAULT_BUS): Type<T> | string {
  return name === DEFAULT_BUS ? type : `${type.name}:${name}`;
}

/** Injects the publisher of a named bus: `@InjectEventBusPublisher('audit') publisher: EventBusPublisher`. */
export const InjectEventBusPublisher = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(eventBusToken(EventBusPublisher, name));

/** Injects the subscriber of a named bus. */
export const InjectEventBusSubscriber = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(eventBusToken(EventBusSubscriber, name));

/** Injects the inspector of a named bus. */
export const InjectEventBusInspector = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(eventBusToken(EventBusInspector, name));

/** Injects the status of a named bus. */
export const InjectEventBusStatus = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(eventBusToken(EventBusStatus, name));

/** Injects the observers of a named bus. */
export const InjectEventBusObservers = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(eventBusToken(EventBusObservers, name));
