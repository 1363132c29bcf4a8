import type { ServerResponse } from 'node:http';
import type { CanActivate, Type } from '@nestjs/common';
import { Controller, Get, Inject, Post, Req, Res, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ConsoleRequest } from './http/console.answers.js';
import { ConsoleAnswers } from './http/console.answers.js';
import { FrameStream } from './http/frame.stream.js';
import { isOwnRequest } from './http/own.request.js';
import type { FormAnswer } from './console.commands.js';
import { EventBusConsole } from './event-bus.console.js';

/** The metadata by which @nestjs/swagger leaves out a controller. */
const SWAGGER_EXCLUDED = 'swagger/apiExcludeController';
const FOREIGN = 'Only the page of the console may send this.';
const FULL = 'Too many pages of this console are open. Close one.';

/** Fastify passes its own reply, Express that of Node. */
type RawResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };

export interface ConsoleRoutes {
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly allowPublish: boolean;
  readonly allowSubscribe: boolean;
}

/** A controller for a path, and no middleware: guards run, also those of the whole application. */
export function consoleController({
  path,
  guards,
  allowPublish,
  allowSubscribe,
}: ConsoleRoutes): Type<unknown> {
  @Controller({ version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  class EventBusConsoleController {
    private readonly answers: ConsoleAnswers;

    constructor(
      @Inject(EventBusConsole) private readonly console: EventBusConsole,
      @Inject(HttpAdapterHost) host: HttpAdapterHost,
    ) {
      this.answers = new ConsoleAnswers(host);
    }

    @Get(path)
    page(@Req() request: ConsoleRequest, @Res() response: unknown): void {
      this.answers.page(request, response, path.slice(path.lastIndexOf('/') + 1));
    }

    @Get([`${path}/app.js`, `${path}/app.css`, `${path}/icon.svg`])
    file(@Req() request: ConsoleRequest, @Res() response: unknown): void {
      this.answers.file(request, response);
    }

    @Get(`${path}/events`)
    events(@Res() response: RawResponse): void {
      const { viewers } = this.console;
      if (viewers.isFull) {
        this.answers.json(response, { message: FULL }, 503);
        return;
      }
      response.hijack?.();
      FrameStream.open(response.raw ?? response, viewers);
    }

    async form(request: ConsoleRequest, response: unknown, run: () => Promise<FormAnswer>): Promise<void> {
      if (!isOwnRequest(request)) {
        this.answers.json(response, { message: FOREIGN }, 403);
        return;
      }
      const { status, message } = await run();
      this.answers.json(response, { message }, status);
    }

    publish(@Req() request: ConsoleRequest, @Res() response: unknown): Promise<void> {
      return this.form(request, response, () => this.console.commands.publish(request.body));
    }

    listen(@Req() request: ConsoleRequest, @Res() response: unknown): Promise<void> {
      return this.form(request, response, () => this.console.commands.listen(request.body));
    }
  }
  // What is not allowed has no route.
  const route = (name: 'publish' | 'listen') =>
    Post(`${path}/${name}`)(
      EventBusConsoleController.prototype,
      name,
      Object.getOwnPropertyDescriptor(EventBusConsoleController.prototype, name)!,
    );
  if (allowPublish) route('publish');
  if (allowSubscribe) route('listen');
  Reflect.defineMetadata(SWAGGER_EXCLUDED, [true], EventBusConsoleController);
  return EventBusConsoleController;
}
