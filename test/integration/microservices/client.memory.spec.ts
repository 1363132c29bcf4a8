import { memory, memoryBroker } from 'nestjs-redis-event-bus';
import { describeClientPromises } from './support/client.promises.js';

describe('EventBusClient on memory()', () => {
  const broker = memoryBroker();
  describeClientPromises(() => memory({ broker }));
});
