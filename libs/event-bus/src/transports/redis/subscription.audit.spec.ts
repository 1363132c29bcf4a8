import { FakeConnection } from '../../../../../test/support/fake.connection.js';
import { keySlot } from '../../routing/key-slot.js';
import type { ShardRouting } from './shard.routing.js';
import { SubscriptionAnswers } from './subscription.answers.js';
import { SubscriptionAudit } from './subscription.audit.js';
import { SubscriptionLedger } from './subscription.ledger.js';

const ROUTING: ShardRouting = {
  answers: new SubscriptionAnswers(),
  slotOf: keySlot,
  displaced: () => undefined,
};

describe('SubscriptionAudit', () => {
  let connection: FakeConnection;
  let ledger: SubscriptionLedger;
  let repairs: string[];
  let audited: { isRepairing: boolean; repair: (reason: string) => void };

  beforeEach(() => {
    connection = new FakeConnection();
    ledger = new SubscriptionLedger();
    repairs = [];
    audited = { isRepairing: false, repair: (reason) => void repairs.push(reason) };
  });

  const ask = (routing?: ShardRouting) => new SubscriptionAudit(connection, ledger, audited, routing).ask();

  it('is sound where the server holds all that it has confirmed', async () => {
    ledger.add('channel', ['a']);
    ledger.add('pattern', ['a*']);
    const sound = ask();
    connection.next().confirm(2);
    expect([await sound, repairs, connection.sent]).toEqual([true, [], []]);
  });

  it('asks with a name that no other audit asks with, and that nobody subscribes to', () => {
    void ask();
    void ask();
    const [first, second] = connection.sent.map(({ command }) => command);
    expect(first).toMatch(/^unsubscribe heartbeat:[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);
  });

  it('has repaired what the server has lost', async () => {
    ledger.add('channel', ['a', 'b', 'c']);
    const sound = ask();
    connection.next().confirm(1);
    expect([await sound, repairs]).toEqual([
      false,
      ['subscription-lost: the server has 1 channels and patterns, 2 too few'],
    ]);
  });

  it('counts shard channels apart from the others, once there are some', async () => {
    ledger.add('channel', ['a']);
    ledger.add('shard', ['s']);
    const sound = ask();
    connection.next().confirm(1);
    const shards = connection.next();
    expect(shards.command).toMatch(/^sunsubscribe heartbeat:/);
    shards.confirm(0);
    expect([await sound, repairs]).toEqual([
      false,
      ['subscription-lost: the server has 0 shard channels, 1 too few'],
    ]);
  });

  it('compares nothing while a loss is being repaired, and is not sound', async () => {
    ledger.add('channel', ['a']);
    const sound = ask();
    audited.isRepairing = true;
    connection.next().confirm(0);
    expect([await sound, repairs]).toEqual([false, []]);
  });

  it('takes a refusal for an answer', async () => {
    const sound = ask();
    connection.next().refuse("NOPERM this user has no permissions to run the 'unsubscribe' command");
    expect([await sound, repairs]).toEqual([true, []]);
  });

  it('rejects when the link goes before the answer', async () => {
    const sound = ask();
    connection.die({ suspend: () => undefined });
    await expect(sound).rejects.toThrow('the link is gone');
  });

  describe('on a node of a Cluster', () => {
    it.each([
      ['MOVED 1 127.0.0.1:7002', ['subscription-lost: its slot is gone']],
      ['ASK 1 127.0.0.1:7002', ['subscription-lost: its slot is gone']],
      ['CLUSTERDOWN Hash slot not served', ['subscription-lost: its slot is gone']],
      ['CLUSTERDOWN The cluster is down', []],
      ['TRYAGAIN Multiple keys request', []],
    ])('asks beside a shard channel, and is not sound where the node says %s', async (refusal, repaired) => {
      ledger.add('shard', ['s']);
      const sound = ask(ROUTING);
      connection.next().confirm(0);
      const shards = connection.next();
      const [command, name] = shards.command.split(' ') as [string, string];
      expect([command, keySlot(name)]).toEqual(['sunsubscribe', keySlot('s')]);
      expect(name).toMatch(/^heartbeat:/);
      shards.refuse(refusal);
      expect([await sound, repairs]).toEqual([false, repaired]);
    });

    it('repairs once: a slot that is gone is no news while the loss is being repaired', async () => {
      ledger.add('shard', ['s']);
      const sound = ask(ROUTING);
      connection.next().confirm(0);
      audited.isRepairing = true;
      connection.next().refuse('MOVED 1 127.0.0.1:7002');
      expect([await sound, repairs]).toEqual([false, []]);
    });

    it('takes a refusal of another kind for an answer', async () => {
      ledger.add('shard', ['s']);
      const sound = ask(ROUTING);
      connection.next().confirm(0);
      connection.next().refuse('NOPERM no');
      expect([await sound, repairs]).toEqual([true, []]);
    });
  });
});
