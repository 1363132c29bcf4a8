import { corked } from './corked.js';

describe('corked', () => {
  const recorded = () => {
    const calls: string[] = [];
    const socket = (name: string) => ({
      cork: () => void calls.push(`cork ${name}`),
      uncork: () => void calls.push(`uncork ${name}`),
    });
    return { calls, sockets: [socket('a'), undefined, socket('b')] };
  };

  it('corks each socket before the write, and uncorks it after', () => {
    const { calls, sockets } = recorded();
    corked(sockets, () => void calls.push('write'));
    expect(calls).toEqual(['cork a', 'cork b', 'write', 'uncork a', 'uncork b']);
  });

  it('leaves no socket corked when the write throws', () => {
    const { calls, sockets } = recorded();
    const write = () => {
      throw new Error('boom');
    };
    expect(() => corked(sockets, write)).toThrow('boom');
    expect(calls.slice(2)).toEqual(['uncork a', 'uncork b']);
  });
});
