import { lastValueFrom, toArray } from 'rxjs';
import { BusClosedError } from '../errors.js';
import type { TransportStatus } from '../transports/event.transport.js';
import { EventBusStatus } from './event-bus.status.js';
import { StatusSource } from './status.source.js';

function start() {
  const source = new StatusSource();
  const status = new EventBusStatus(source);
  const seen: string[] = [];
  status.changes.subscribe((state) => seen.push(state));
  const update = (...states: TransportStatus[]) => {
    for (const state of states) source.update({ status: state });
  };
  return { source, status, seen, update };
}

describe('EventBusStatus', () => {
  it('is connecting until every handler is subscribed, also when the transport is ready', () => {
    const { source, status, seen, update } = start();
    update('connecting', 'ready');
    expect(status.current).toBe('connecting');
    source.start();
    expect(status.current).toBe('ready');
    expect(seen).toEqual(['connecting', 'ready']);
  });

  it('follows the transport from then on, and tells each change once', () => {
    const { source, status, seen, update } = start();
    source.start();
    update('ready', 'ready', 'degraded', 'degraded', 'ready', 'closed', 'closed', 'ready');
    expect(seen).toEqual(['connecting', 'ready', 'degraded', 'ready', 'closed']);
    expect(status.current).toBe('closed');
  });

  it('is degraded before its start is complete where the application runs without it', () => {
    const { source, seen, update } = start();
    update('connecting');
    source.degrade();
    update('ready', 'connecting', 'ready');
    source.start();
    expect(seen).toEqual(['connecting', 'degraded', 'ready']);
  });

  it('says why it is not ready', () => {
    const { source, status } = start();
    source.update({ status: 'connecting', reason: 'connect ECONNREFUSED' });
    expect(status.reason).toBe('connect ECONNREFUSED');
    source.update({ status: 'ready' });
    expect(status.reason).toBeUndefined();
  });

  it('resolves whenReady when it is ready, now or later', async () => {
    const { source, status, update } = start();
    const waiting = status.whenReady();
    source.start();
    update('ready');
    await expect(Promise.all([waiting, status.whenReady()])).resolves.toHaveLength(2);
  });

  it('rejects whenReady when it is closed, now or later', async () => {
    const { status, update } = start();
    const waiting = status.whenReady();
    update('closed');
    await expect(waiting).rejects.toThrow(BusClosedError);
    await expect(status.whenReady()).rejects.toThrow(BusClosedError);
    expect(await lastValueFrom(status.changes.pipe(toArray()))).toEqual(['closed']);
  });

  it('can be looked at, and not be falsified, by whoever injects it', () => {
    const { status } = start();
    const members = [status, Object.getPrototypeOf(status) as object].flatMap(Reflect.ownKeys);
    expect(new Set(members)).toEqual(
      new Set(['constructor', 'changes', 'gaps', 'current', 'reason', 'whenReady']),
    );
  });
});
