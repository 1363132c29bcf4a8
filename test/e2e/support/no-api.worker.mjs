/** Imports the entries as if @opentelemetry/api were not installed, and prints how that went. */
import Module from 'node:module';

const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => {
  if (name === '@opentelemetry/api') throw new Error(`Cannot find module '${name}'`);
  return resolve(name, ...rest);
};

const { cloudEvents } = await import('nestjs-redis-event-bus');
console.log(`main entry: ${cloudEvents({ source: '/orders' }).name}`);
const outcome = await import('nestjs-redis-event-bus/opentelemetry').then(
  () => 'loaded',
  (error) => error.message,
);
console.log(`opentelemetry: ${outcome}`);
