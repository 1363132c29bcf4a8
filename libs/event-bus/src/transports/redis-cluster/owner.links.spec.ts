import { ScriptedServer } from '../../../../../test/support/scripted.server.js';
import { freePort } from '../../../../../test/support/free.port.js';
import { RedisSecrets } from '../redis/redis.secrets.js';
import type { ClusterNode } from './cluster.node.js';
import { OwnerLinks } from './owner.links.js';

describe('OwnerLinks', () => {
  let server: ScriptedServer;
  let master: ClusterNode;
  let topology: { masters: ClusterNode[]; refreshed: number; unlearnt: number[] };
  let heard: string[];
  let links: OwnerLinks;
  beforeEach(async () => {
    server = await ScriptedServer.start();
    master = { host: '127.0.0.1', port: server.port, isMaster: true };
    topology = { masters: [master], refreshed: 0, unlearnt: [] };
    heard = [];
    const of = topology;
    links = new OwnerLinks(
      { seeds: [master], connection: { secrets: new RedisSecrets(), login: undefined }, natMap: undefined },
      {
        get masters() {
          return of.masters;
        },
        ownerOf: (slot) => of.masters[slot],
        unlearn: ({ port }) => void of.unlearnt.push(port),
        refresh: async () => void (of.refreshed += 1),
      },
      { writable: () => heard.push('writable'), error: (error) => heard.push(error.message) },
    );
  });
  afterEach(async () => {
    await links.close();
    server.stop();
  });

  it('opens one link to each owner when it is first needed', async () => {
    expect(links.all).toEqual([]);
    const link = links.ofSlot(0)!;
    expect(links.at(master)).toBe(link);
    expect(links.ofSlot(1)).toBeUndefined();
    await link.opening;
    expect(link.opening).toBeUndefined();
    expect(link.connection.isUp).toBe(true);
    expect(heard).toEqual(['writable']);
    expect([links.all, links.publishers]).toEqual([[link.connection], [link.publisher]]);
    expect(server.acceptedCount).toBe(1);
  });

  it('says why there is no link, and asks who owns the slots now', async () => {
    const port = await freePort();
    topology.masters = [{ host: '127.0.0.1', port, isMaster: true }];
    const link = links.ofSlot(0)!;
    await link.opening;
    expect(link.connection.isUp).toBe(false);
    expect(link.error.message).toContain('ECONNREFUSED');
    expect(topology.unlearnt).toContain(port);
    expect(topology.refreshed).toBeGreaterThan(0);
  });

  it('lets go of those that are no masters any more', async () => {
    const link = links.ofSlot(0)!;
    await link.opening;
    links.prune();
    expect(links.all).toHaveLength(1);
    topology.masters = [];
    links.prune();
    expect(links.all).toEqual([]);
    await links.close();
    expect(link.connection.isUp).toBe(false);
  });

  it('opens none when it is closed', async () => {
    await links.close();
    expect(links.at(master)).toBeUndefined();
  });
});
