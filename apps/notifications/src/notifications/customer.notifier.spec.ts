import 'reflect-metadata';
import { jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { EventBusPublisher } from 'nestjs-redis-event-bus';
import { CustomerNotifier } from './customer.notifier.js';
import { MemoryNotificationStore } from './memory-notification.store.js';
import { notificationOf } from './notification.js';
import { NotificationSender } from './notification.sender.js';
import { NotificationStore } from './notification.store.js';

const notification = notificationOf({ id: 'o1', customerId: 'ada', status: 'created' });

describe('CustomerNotifier', () => {
  let store: MemoryNotificationStore;
  let notifier: CustomerNotifier;
  const send = jest.fn<NotificationSender['send']>();

  beforeEach(async () => {
    send.mockReset().mockResolvedValue(undefined);
    store = new MemoryNotificationStore();
    const moduleRef = await Test.createTestingModule({
      providers: [
        CustomerNotifier,
        { provide: NotificationStore, useValue: store },
        { provide: NotificationSender, useValue: { send } },
        { provide: EventBusPublisher, useValue: { publish: async () => 0 } },
      ],
    }).compile();
    notifier = moduleRef.get(CustomerNotifier);
  });

  it('sends once for many callers, and tells one of them that it did', async () => {
    const told = await Promise.all([1, 2, 3].map(() => notifier.tell(notification)));
    expect(told).toEqual([true, false, false]);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('does not send what another process sends', async () => {
    jest.spyOn(store, 'claim').mockResolvedValueOnce('taken').mockResolvedValueOnce('sent');
    expect(await notifier.tell(notification)).toBe(false);
    expect(send).not.toHaveBeenCalled();
  });

  it('sends what another process had claimed and did not send', async () => {
    const claim = jest.spyOn(store, 'claim').mockResolvedValueOnce('taken').mockResolvedValueOnce('taken');
    expect(await notifier.tell(notification)).toBe(true);
    expect(claim).toHaveBeenCalledTimes(3);
    expect(await store.list('ada', 10)).toEqual([notification]);
  });

  it('does not wait for another process when it is told to stop', async () => {
    jest.spyOn(store, 'claim').mockResolvedValue('taken');
    const stopping = new AbortController();
    const telling = notifier.tell(notification, stopping.signal);
    stopping.abort();
    await expect(telling).rejects.toMatchObject({ name: 'AbortError' });
    expect(send).not.toHaveBeenCalled();
  });

  it('sends once although it is stored only at the second try', async () => {
    jest.spyOn(store, 'save').mockRejectedValueOnce(new Error('Redis is away'));
    expect(await notifier.tell(notification)).toBe(true);
    expect(send).toHaveBeenCalledTimes(1);
    expect(await store.list('ada', 10)).toEqual([notification]);
  });

  it('lets others send what it could not', async () => {
    const release = jest.spyOn(store, 'release').mockRejectedValue(new Error('Redis is away'));
    send.mockRejectedValueOnce(new Error('The mail gateway is down'));
    await expect(notifier.tell(notification)).rejects.toThrow('The mail gateway is down');
    expect(release).toHaveBeenCalledWith(notification.id);
    expect(await notifier.tell(notification)).toBe(true);
  });
});
