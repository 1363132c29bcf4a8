import { SLOT_COUNT, keySlot, nameInSlot } from './key-slot.js';

describe('keySlot', () => {
  // By CLUSTER KEYSLOT of redis-server 7.0; the integration suite asks a running one.
  it.each([
    ['', 0],
    ['foo', 12_182],
    ['123456789', 12_739],
    ['{foo}', 12_182],
    ['orders:{foo}:created', 12_182],
    ['{foo', 13_308],
  ])('gives %j the slot %i', (name, slot) => expect(keySlot(name)).toBe(slot));

  it('reads the first hash tag alone, unless it is empty', () => {
    expect(keySlot('{a}{b}')).toBe(keySlot('a'));
    expect(keySlot('b}{a}')).toBe(keySlot('a'));
    expect(keySlot('{{a}}')).toBe(keySlot('{a'));
    expect(keySlot('{}{a}')).not.toBe(keySlot('a'));
  });
});

describe('nameInSlot', () => {
  it.each([0, 1, 8_191, SLOT_COUNT - 1])('makes a name in slot %i', (slot) => {
    const name = nameInSlot(slot, 'heartbeat:x');
    expect(name).toMatch(/^heartbeat:x\{/);
    expect(keySlot(name)).toBe(slot);
  });
});
