import { memory, memoryBroker } from 'nestjs-redis-event-bus';
import { describeNestScenarios } from './support/nest.scenarios.js';

describe("an application of Nest's Redis transport on memory()", () => {
  const broker = memoryBroker();
  describeNestScenarios(() => memory({ broker }));
});
