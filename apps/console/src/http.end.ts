import type { Server } from 'node:http';
import { closeHttpServer } from '@libs/shop-events';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** Ends HTTP before the bus drains: requests may publish, and Nest would wait for every connection. */
@Injectable()
export class HttpEnd implements BeforeApplicationShutdown {
  constructor(private readonly host: HttpAdapterHost) {}

  beforeApplicationShutdown(): Promise<void> {
    return closeHttpServer(this.host.httpAdapter.getHttpServer() as Server);
  }
}
