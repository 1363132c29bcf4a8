// Follows one plain event over plain Redis, from publish() to the method: prints the files of the library that it enters, and
// compares them with docs/architecture.md. --json: the figures alone.
import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { parseArgs } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { documentedFiles, walkFigures, walkProblems } from './walk.figures.mjs';

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });

/** What the loader has every function of the library call. */
class Walk {
  steps = [];
  isOn = false;

  enter(file) {
    if (this.isOn) this.steps.push(file);
  }

  /** After an await, whose value it hands on. */
  resume(value, file) {
    this.enter(file);
    return value;
  }
}

const walk = new Walk();
globalThis.walk = walk;
register('./walk.loader.mjs', import.meta.url);
const { EventBusModule, EventBusPublisher, OnEvent, redis } = await import(
  new URL('../libs/event-bus/src/index.ts', import.meta.url)
);
const { RedisServer } = await import(new URL('../test/support/redis.server.ts', import.meta.url));

const steps = await traceOneEvent();
const { files, moves, movesBack } = walkFigures(steps);
const page = await readFile(new URL('../docs/architecture.md', import.meta.url), 'utf8');
const problems = walkProblems(documentedFiles(page), steps);
if (values.json) console.log(JSON.stringify({ files, moves, movesBack, problems }));
else {
  for (const [index, file] of steps.entries()) if (file !== steps[index - 1]) console.log(file);
  console.log(`${files.length} files, ${moves} moves between them, ${movesBack} of them back.`);
  for (const problem of problems) console.error(problem);
}
if (problems.length > 0) process.exitCode = 1;

async function traceOneEvent() {
  const server = await RedisServer.start();
  try {
    const { transport, unwrap } = observable(redis({ url: server.url, heartbeat: { intervalMs: 600_000 } }));
    class Orders {
      handle() {
        walk.isOn = false;
        handled();
      }
    }
    let handled;
    decorate(OnEvent('orders:created'), Orders, 'handle');
    class App {}
    Module({ imports: [EventBusModule.forRoot({ transport })], providers: [Orders] })(App);
    const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
    const publisher = app.get(EventBusPublisher);
    const publish = async (isTraced) => {
      const done = new Promise((resolve) => (handled = resolve));
      // Redis' answer to the publisher and the event come on two connections, in any order: the answer waits.
      const [{ stream }] = unwrap();
      stream.pause();
      walk.isOn = isTraced;
      const published = publisher.publish('orders:created', { id: 1 });
      await done;
      stream.resume();
      await published;
    };
    // What is made once, for the first event, is no part of the walk.
    await publish(false);
    await publish(true);
    await app.close();
    return walk.steps;
  } finally {
    await server.stop();
  }
}

/** A factory of the same transport, and its two ioredis clients. */
function observable(factory) {
  let made;
  const transport = { ...factory, create: (listener) => (made = factory.create(listener)) };
  return { transport, unwrap: () => made.unwrap() };
}

function decorate(decorator, type, key) {
  decorator(type.prototype, key, Object.getOwnPropertyDescriptor(type.prototype, key));
}
