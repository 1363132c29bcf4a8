import { lastValueFrom, toArray } from 'rxjs';
import { BusClosedError } from '../errors.js';
import type { TransportStatus } from '../transports/event.transport.js';
import { EventBusStatus } from './event-bus.status.js';

function start() {
  const status = new EventBusStatus();
  const seen: string[] = [];
  status.changes.subscribe((state) => seen.push(state));
  const update = (...states: TransportStatus[]) => {
    for (const state of states) status.update({ status: state });
  };
  return { status, seen, update };
}

describe('EventBusStatus', () => {
  it('is connecting until every handler is subscribed, also when the transport is ready', () => {
    const { status, seen, update } = start();
    update('connecting', 'ready');
    expect(status.current).toBe('connecting');
    status.start();
    expect(status.current).toBe('ready');
    expect(seen).toEqual(['connecting', 'ready']);
  });

  it('follows the transport from then on, and tells each change once', () => {
    const { status, seen, update } = start();
    status.start();
    update('ready', 'ready', 'degraded', 'degraded', 'ready', 'closed', 'closed', 'ready');
    expect(seen).toEqual(['connecting', 'ready', 'degraded', 'ready', 'closed']);
    expect(status.current).toBe('closed');
  });

  it('is degraded before its start is complete where the application runs without it', () => {
    const { status, seen, update } = start();
    update('connecting');
    status.degrade();
    update('ready', 'connecting', 'ready');
    status.start();
    expect(seen).toEqual(['connecting', 'degraded', 'ready']);
  });

  it('says why it is not ready', () => {
    const { status } = start();
    status.update({ status: 'connecting', reason: 'connect ECONNREFUSED' });
    expect(status.reason).toBe('connect ECONNREFUSED');
    status.update({ status: 'ready' });
    expect(status.reason).toBeUndefined();
  });

  it('resolves whenReady when it is ready, now or later', async () => {
    const { status, update } = start();
    const waiting = status.whenReady();
    status.start();
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
});
