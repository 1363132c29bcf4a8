import { describeTransport } from '../../libs/event-bus/src/conformance/describe-transport.js';
import { memoryBroker } from '../../libs/event-bus/src/transports/memory/memory.broker.js';
import { memory } from '../../libs/event-bus/src/transports/memory/memory.transport.js';

const factory = memory({ broker: memoryBroker() });

describeTransport('memory', {
  open: async (listener) => factory.create(listener),
  capabilities: { shard: true, claim: true },
});
