import 'reflect-metadata';
import { Injectable, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { CountingInterceptor, OrderPipe, UnpaidGuard } from './nest.enhancers.mjs';

/** Of so many handlers, each class has at most this many. */
const METHODS_PER_CLASS = 100;

/**
 * Classes with one decorated method per target, as one would write them with `@` in TypeScript.
 *
 * @param {{ targets: readonly { name: string }[], style: string, handlers: readonly ((order: object) => void)[] }} given
 * @param {(target: { name: string }, prototype: object, key: string) => void} decorate puts the contender's own decorators on a method
 * @param {ClassDecorator} decorateClass
 */
export function handlerClasses({ targets, style, handlers }, decorate, decorateClass = Injectable()) {
  const classes = [];
  for (let start = 0; start < targets.length; start += METHODS_PER_CLASS) {
    const type = { OrderHandlers: class {} }.OrderHandlers;
    targets.slice(start, start + METHODS_PER_CLASS).forEach((target, index) => {
      const key = `handle${index}`;
      const value = METHODS[style](handlers[start + index]);
      Object.defineProperty(type.prototype, key, { value, writable: true, configurable: true });
      if (style === 'guarded') enhance(type.prototype, key);
      decorate(target, type.prototype, key);
    });
    decorateClass(type);
    classes.push(type);
  }
  return classes;
}

/** Applies a method decorator. */
export function decorateMethod(decorator, prototype, key) {
  decorator(prototype, key, Object.getOwnPropertyDescriptor(prototype, key));
}

const METHODS = {
  sync: (handle) =>
    function (order) {
      handle(order);
    },
  async: (handle) =>
    async function (order) {
      handle(order);
    },
  guarded: (handle) =>
    function (order) {
      handle(order);
    },
};

function enhance(prototype, key) {
  decorateMethod(UseGuards(UnpaidGuard), prototype, key);
  decorateMethod(UsePipes(OrderPipe), prototype, key);
  decorateMethod(UseInterceptors(CountingInterceptor), prototype, key);
}
