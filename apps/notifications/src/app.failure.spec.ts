import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventBusError } from 'nestjs-redis-event-bus';
import { AppConfigError } from './app.config.js';
import { describeFailure } from './app.failure.js';

class NoRedisError extends EventBusError {
  readonly code = 'TEST_NO_REDIS';
}

describe('describeFailure', () => {
  it('says what is wrong with the environment or the bus, without a stack', () => {
    expect(describeFailure(new AppConfigError('PORT must be a number'))).toBe('PORT must be a number');
    expect(describeFailure(new NoRedisError('Redis does not answer.'))).toBe('Redis does not answer.');
  });

  it('names the variable to set when the port is taken', async () => {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    const failure: unknown = await once(createServer().listen(port, '127.0.0.1'), 'listening').catch(
      (error) => error,
    );
    first.close();
    expect(describeFailure(failure)).toBe(
      `Port ${port} is already in use. Set PORT to a free port, or stop the process that uses it.`,
    );
  });

  it('keeps the stack of what nobody foresaw', () => {
    expect(describeFailure(new TypeError('x is not a function'))).toContain('app.failure.spec');
    expect(describeFailure('thrown text')).toBe('thrown text');
  });
});
