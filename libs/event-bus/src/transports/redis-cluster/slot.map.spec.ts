import { SlotMap } from './slot.map.js';

const reachable = (host: string | undefined, port: number) => ({ host: host ?? 'asked', port });
const at = (host: string, port: number) => ({ host, port });

describe('SlotMap', () => {
  const map = new SlotMap(
    [
      [0, 99, ['a', 1, 'id'], ['b', 2, 'id', ['hostname', 'x']]],
      [100, 100, [null, 3, 'id'], ['a', 1, 'id']],
      [102, 16_383, ['?', 4], ['', 5]],
    ],
    reachable,
  );

  it('knows the owner of each slot', () => {
    expect([0, 99, 100, 101, 102, 16_383].map((slot) => map.ownerOf(slot))).toEqual([
      at('a', 1),
      at('a', 1),
      at('asked', 3),
      undefined,
      at('asked', 4),
      at('asked', 4),
    ]);
  });

  it('lists each node once, masters first: who is a master of some slots is a master', () => {
    expect(map.nodes.map(({ host, port, isMaster }) => `${host}:${port} ${isMaster}`)).toEqual([
      'a:1 true',
      'asked:3 true',
      'asked:4 true',
      'b:2 false',
      'asked:5 false',
    ]);
    expect(map.masters).toHaveLength(3);
  });

  it('knows its nodes by their addresses', () => {
    expect([map.has(at('b', 2)), map.has(at('b', 1))]).toEqual([true, false]);
  });
});
