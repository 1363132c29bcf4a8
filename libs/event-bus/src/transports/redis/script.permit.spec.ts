import type { OutgoingMessage } from '../event.transport.js';
import { ScriptPermit } from './script.permit.js';

const of = (kind: OutgoingMessage['kind'], ...channels: readonly string[]): OutgoingMessage[] =>
  channels.map((channel) => ({ kind, channel, body: '' }));

describe('ScriptPermit', () => {
  let permit: ScriptPermit;
  beforeEach(() => {
    permit = new ScriptPermit();
  });

  it('is asked for once for all channels, and once for each shard channel', () => {
    expect(permit.unasked(of('channel', 'a', 'b'))).toEqual(['']);
    expect(permit.unasked([...of('channel', 'c'), ...of('shard', 'a', 'b', 'a')])).toEqual(['a', 'b']);
    expect(permit.unasked(of('shard', 'a', 'c'))).toEqual(['c']);
    expect(permit.batching).toBe('undecided');
  });

  it('covers what was granted alone', () => {
    permit.granted(permit.unasked(of('shard', 'a')));
    expect([permit.covers(of('shard', 'a')), permit.batching]).toEqual([true, 'script']);
    expect(permit.covers(of('shard', 'a', 'b'))).toBe(false);
    expect(permit.covers(of('channel', 'a'))).toBe(false);
  });

  it.each(['NOPERM x', 'ERR unknown command', 'ASK 1 b:1', 'TRYAGAIN x'])(
    'is not asked for again after %s',
    (answer) => {
      permit.refused(permit.unasked(of('channel', 'a')), answer);
      expect(permit.unasked(of('channel', 'a'))).toEqual([]);
      expect([permit.covers(of('channel', 'a')), permit.batching]).toEqual([false, 'pipeline']);
    },
  );

  it.each(['BUSY x', 'LOADING x', 'MOVED 1 b:1', 'CLUSTERDOWN x'])(
    'is asked for again after %s',
    (answer) => {
      permit.refused(permit.unasked(of('channel', 'a')), answer);
      expect(permit.unasked(of('channel', 'a'))).toEqual(['']);
    },
  );

  it('knows 10,000 shard channels at most', () => {
    for (let n = 0; n < 10_000; n += 1) permit.granted(permit.unasked(of('shard', `c${n}`)));
    expect(permit.covers(of('shard', 'c0'))).toBe(true);
    permit.granted(permit.unasked(of('shard', 'one more')));
    expect([permit.covers(of('shard', 'c0')), permit.covers(of('shard', 'one more'))]).toEqual([false, true]);
  });
});
