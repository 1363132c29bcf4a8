import { NodeRota } from './node.rota.js';

const node = (host: string, isMaster = true) => ({ host, port: 1, isMaster });
const [a, b, replica] = [node('a'), node('b'), node('replica', false)];

describe('NodeRota', () => {
  let rota: NodeRota;
  beforeEach(() => {
    rota = new NodeRota(() => [replica, a, b]);
  });

  it('prefers masters, any of them', () => {
    const chosen = new Set(Array.from({ length: 100 }, () => rota.next()));
    expect(chosen).toEqual(new Set([a, b]));
  });

  it('takes every other node before the one that has failed, and begins with the first failure then', () => {
    rota.failed(a);
    expect(rota.next()).toBe(b);
    rota.failed(b);
    expect(rota.next()).toBe(replica);
    rota.failed(replica);
    expect(rota.next()).toBe(a);
    rota.failed(a);
    expect(rota.next()).toBe(b);
  });

  it('forgets a failure when the node is reached', () => {
    rota.failed(a);
    rota.failed(b);
    rota.succeeded(b);
    expect(rota.next()).toBe(b);
  });
});
