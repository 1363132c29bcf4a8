import { SlotMap } from './slot.map.js';

const reachable = (host: string | undefined, port: number) => ({ host: host ?? 'asked', port });
const at = (host: string, port: number) => ({ host, port });

describe('SlotMap', () => {
  const map = new SlotMap(
    [
      [0, 99, ['a', 1, 'id-a'], ['b', 2, 'id-b', ['hostname', 'x']]],
      [100, 100, [null, 3, 'id-3'], ['a', 1, 'id-a']],
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

  it.each([
    ['one of its addresses', { keys: ['name:2', 'b:2'], id: undefined }, 'b:2 false'],
    ['its id, whatever its address', { keys: ['name:1'], id: 'id-a' }, 'a:1 true'],
    ['its address, when its id is new', { keys: ['b:2'], id: 'id-new' }, 'b:2 false'],
    ['neither', { keys: ['name:1'], id: 'id-new' }, undefined],
  ])('finds a node by %s', (_by, identity, found) => {
    const node = map.find(identity);
    expect(node && `${node.host}:${node.port} ${node.isMaster}`).toBe(found);
  });

  it('tells a map of another Cluster from a later one of its own', () => {
    const later = new SlotMap([[0, 16_383, ['c', 7, 'id-7'], ['b', 2, 'id-b']]], reachable);
    const other = new SlotMap([[0, 16_383, ['a', 1, 'id-other']]], reachable);
    expect([later.overlaps(map), other.overlaps(map)]).toEqual([true, false]);
  });
});

it.each([
  [null],
  ['OK'],
  [[1]],
  [[[0, 1]]],
  [[[0, 1e15, ['a', 1]]]],
  [[[-1, 5, ['a', 1]]]],
  [[[0, 'x', ['a', 1]]]],
  [[[0, 1, null]]],
  [[[0, 1, ['a', 'port']]]],
  [[[0, 1, ['a', 65_536]]]],
])('does not believe %j', (reply) => {
  expect(() => new SlotMap(reply, reachable)).toThrow('invalid reply to cluster slots');
});
