import { trace } from '@opentelemetry/api';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { EventCodec } from 'nestjs-redis-event-bus';
import { cloudEvents, json, memory, memoryBroker } from 'nestjs-redis-event-bus';
import { nestPacket, packetCodec } from 'nestjs-redis-event-bus/microservices';
import { openTelemetry } from 'nestjs-redis-event-bus/opentelemetry';
import { lastValueFrom } from 'rxjs';
import { eventually } from '../../support/eventually.js';
import { itOnNest12 } from '../../support/nest.major.js';
import { Telemetry } from '../../support/telemetry.js';
import { EventPattern } from './support/event-pattern.js';
import { MicroserviceApps } from './support/microservice.apps.js';

let broker = memoryBroker();
const apps = new MicroserviceApps(() => memory({ broker }));
let telemetry: Telemetry;
beforeEach(() => {
  broker = memoryBroker();
  telemetry = new Telemetry();
  telemetry.register();
});
afterEach(() => telemetry.end());

@Controller()
class Bills {
  @EventPattern('billed')
  billed(): void {}

  @MessagePattern('bill')
  bill(n: number): number {
    return n + 1;
  }
}

async function connected(codec: EventCodec = nestPacket()) {
  const observers = [openTelemetry()];
  // A server refuses to answer requests with a codec that has none.
  if (codec.name.endsWith('packet')) await apps.serve({ controllers: [Bills] }, { codec, observers });
  else await apps.serve({ controllers: [Events] }, { codec, observers });
  return apps.client({ codec, observers });
}

@Controller()
class Events {
  @EventPattern('billed')
  billed(): void {}
}

/** The spans of the publish and of the handler of an event, once both have ended. */
async function spansOf(channel: string) {
  await eventually(() => expect(telemetry.named(`process ${channel}`)).toHaveLength(1));
  const publish = telemetry
    .named('publish')
    .find(({ attributes }) => attributes['messaging.destination.name'] === channel);
  return { publish: publish!, process: telemetry.named(`process ${channel}`)[0]! };
}

describe('A microservice and its client with openTelemetry', () => {
  it('make one trace of an event, and of a request', async () => {
    const client = await connected();
    await lastValueFrom(client.emit('billed', 1), { defaultValue: undefined });
    expect(await telemetry.within('GET', () => lastValueFrom(client.send('bill', 1)))).toBe(2);
    const event = await spansOf('billed');
    expect(event.process).toMatchObject({
      parent: event.publish.spanId,
      links: [event.publish.spanId],
      traceId: event.publish.traceId,
    });
    const request = await spansOf('bill');
    const [get] = telemetry.named('GET');
    expect([request.publish.parent, request.process.parent]).toEqual([get!.spanId, request.publish.spanId]);
    expect(apps.log.troubles).toEqual([]);
  });

  it.each([
    ['metadata of CloudEvents', cloudEvents({ source: '/bills' }), true, []],
    // The control.
    [
      'no metadata',
      json(),
      false,
      [expect.stringContaining('not linked'), expect.stringContaining('not linked')],
    ],
  ] as const)('make one trace of an event that has %s: %#', async (_what, codec, isOne, troubles) => {
    const client = await connected(codec);
    await lastValueFrom(client.emit('billed', 1), { defaultValue: undefined });
    const { publish, process } = await spansOf('billed');
    expect(process.parent === publish.spanId).toBe(isOne);
    expect(apps.log.troubles).toEqual(troubles);
  });

  itOnNest12('its clients have no setOnDispatchHook')('keep the metadata of the client', async () => {
    const client = await connected();
    const own = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    client.setOnDispatchHook((packet) => {
      packet.metadata = { traceparent: own, tenant: 'acme' };
    });
    await lastValueFrom(client.emit('billed', 1), { defaultValue: undefined });
    const { process } = await spansOf('billed');
    expect(process.parent).toBe('b7ad6b7169203331');
  });

  it('send a packet without headers that its format cannot encode, and say so', async () => {
    const strict = packetCodec({
      ...nestPacket(),
      name: 'strict-packet',
      encodePacket: (packet, channel) => {
        if ('metadata' in packet) throw new Error('This format has no metadata.');
        return nestPacket().encodePacket(packet, channel);
      },
    });
    const client = await connected(strict);
    expect(await lastValueFrom(client.send('bill', 1))).toBe(2);
    expect((await spansOf('bill')).process.parent).toBeUndefined();
    expect(apps.log.troubles).toEqual([expect.stringContaining('This format has no metadata')]);
  });

  it('end the span of a request that is not sent with its error', async () => {
    const client = apps.client({ observers: [openTelemetry()] });
    await client.close();
    await expect(lastValueFrom(client.send('bill', 1))).rejects.toThrow(/closed/);
    await expect(lastValueFrom(client.emit('billed', 1))).rejects.toThrow(/closed/);
    expect(telemetry.named('publish').map(({ attributes }) => attributes['error.type'])).toEqual([
      'EVENT_BUS_CLOSED',
      'EVENT_BUS_CLOSED',
    ]);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it('end the span of a request that nobody waits for before it could be sent', async () => {
    const client = apps.client({ observers: [openTelemetry()] });
    client.send('bill', 1).subscribe().unsubscribe();
    await eventually(() => expect(telemetry.named('publish')).toHaveLength(1));
    expect(telemetry.named('publish')[0]!.attributes['error.type']).toBe('RequestEndedError');
  });
});
