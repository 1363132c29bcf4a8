import { memory, memoryBroker } from 'nestjs-redis-event-bus';
import { describeServerPromises } from './support/server.promises.js';

describe('EventBusServer on memory()', () => {
  const broker = memoryBroker();
  describeServerPromises(() => memory({ broker }));
});
