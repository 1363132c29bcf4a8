import type { AddressInfo } from 'node:net';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { EventBusInspector } from '../introspection/event-bus.inspector.js';
import { EventBusModule } from '../module/event-bus.module.js';
import { memory } from '../transports/memory/memory.transport.js';
import { DocumentAnswers } from './document.answers.js';
import { yamlOf } from './yaml.text.js';

describe('the document as YAML', () => {
  it('has no aliases, which other tools may not read', async () => {
    const shared = { a: 1 };
    expect(await yamlOf({ first: shared, second: shared })).toBe('first:\n  a: 1\nsecond:\n  a: 1\n');
  });

  it('is undefined where the package yaml is not installed', async () => {
    expect(await yamlOf({}, () => Promise.reject(new Error('Cannot find package')))).toBeUndefined();
  });

  it('is then answered by what to install', async () => {
    @Controller()
    class WithoutYaml {
      constructor(
        @Inject(EventBusInspector) private readonly inspector: EventBusInspector,
        @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
      ) {}

      @Get()
      yaml(@Res() response: unknown): Promise<void> {
        const options = { info: { title: 'a', version: '1' } };
        const bus = { describe: () => [this.inspector.describe()], options, warned: new Set<string>() };
        return new DocumentAnswers(bus, this.host, async () => undefined).yaml(response);
      }
    }
    const imports = [EventBusModule.forRoot({ transport: memory() })];
    const testing = await Test.createTestingModule({ imports, controllers: [WithoutYaml] }).compile();
    const app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}`);
    expect(response.status).toBe(501);
    expect(await response.text()).toContain('npm install yaml');
    await app.close();
  });
});
