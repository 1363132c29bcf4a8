import { NodeSelector } from './node.selector.js';

const node = (host: string, isMaster = true) => ({ host, port: 1, isMaster });
const [a, b, replica] = [node('a'), node('b'), node('replica', false)];

describe('NodeSelector', () => {
  let selector: NodeSelector;
  beforeEach(() => {
    selector = new NodeSelector(() => [replica, a, b]);
  });

  it('prefers masters, any of them', () => {
    const chosen = new Set(Array.from({ length: 100 }, () => selector.next()));
    expect(chosen).toEqual(new Set([a, b]));
  });

  it('takes every other node before the one that has failed, and begins with the first failure then', () => {
    selector.failed(a);
    expect(selector.next()).toBe(b);
    selector.failed(b);
    expect(selector.next()).toBe(replica);
    selector.failed(replica);
    expect(selector.next()).toBe(a);
    selector.failed(a);
    expect(selector.next()).toBe(b);
  });

  it('forgets a failure when the node is reached', () => {
    selector.failed(a);
    selector.failed(b);
    selector.succeeded(b);
    expect(selector.next()).toBe(b);
  });
});
