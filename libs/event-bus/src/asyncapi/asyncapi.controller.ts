import type { CanActivate, Type } from '@nestjs/common';
import { Controller, Get, Inject, Req, Res, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { PageRequest, ServedBuses } from './document.answers.js';
import { DocumentAnswers } from './document.answers.js';

export const SERVED_BUSES = Symbol('nestjs-redis-event-bus:asyncapi');

/** The metadata by which @nestjs/swagger leaves out a controller. */
const SWAGGER_EXCLUDED = 'swagger/apiExcludeController';

/** A controller for a path, and no middleware: guards run, also those of the whole application. */
export function asyncApiController(
  path: string,
  guards: readonly (Type<CanActivate> | CanActivate)[],
): Type<unknown> {
  @Controller({ version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  class AsyncApiController {
    private readonly answers: DocumentAnswers;

    constructor(@Inject(SERVED_BUSES) served: ServedBuses, @Inject(HttpAdapterHost) host: HttpAdapterHost) {
      this.answers = new DocumentAnswers(served, host);
    }

    @Get(path)
    page(@Req() request: PageRequest, @Res() response: unknown): void {
      this.answers.page(request, response, path.slice(path.lastIndexOf('/') + 1));
    }

    @Get([`${path}/page.js`, `${path}/page.css`])
    file(@Req() request: PageRequest, @Res() response: unknown): void {
      this.answers.file(request, response);
    }

    @Get(`${path}.json`)
    json(@Res() response: unknown): void {
      this.answers.json(response);
    }

    @Get(`${path}.yaml`)
    yaml(@Res() response: unknown): Promise<void> {
      return this.answers.yaml(response);
    }
  }
  Reflect.defineMetadata(SWAGGER_EXCLUDED, [true], AsyncApiController);
  return AsyncApiController;
}
