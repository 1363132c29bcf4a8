import type { WatchedInstance } from './instance.list.js';
import { gapLine, tableOf } from './table.text.js';

const instance: WatchedInstance = {
  service: 'orders',
  host: 'web-1',
  pid: 7,
  id: 'an-id',
  bus: 'default',
  state: 'ready',
  heardAgoMs: 100,
  saidBye: false,
  sharesId: false,
};

describe('the table of watch', () => {
  it('has a line for each instance, in columns', () => {
    const busy = {
      ...instance,
      publishedPerSecond: 120.4,
      handledPerSecond: 0.5,
      failed: 1,
      waiting: 2,
      gaps: 3,
      missed: 14,
    };
    expect(tableOf([busy, instance])).toEqual([
      'service  host   pid  bus      state  published/s  handled/s  failed  waiting  gaps  missed',
      'orders   web-1  7    default  ready          120        0.5       1        2     3      14',
      'orders   web-1  7    default  ready            -          -       -        -     -       -',
    ]);
  });

  it.each([
    [{ state: 'silent', heardAgoMs: 6_400 }, 'silent for 6 s'],
    [{ state: 'gone' }, 'gone'],
    [{ state: 'gone', saidBye: true }, 'shut down'],
    [{ sharesId: true }, 'ready, id used twice'],
  ] as const)('says of %j: %s', (changes, text) => {
    expect(tableOf([{ ...instance, ...changes }])[1]).toContain(`  ${text}  `);
  });

  it('shows names that act on a terminal as text, and cuts long ones', () => {
    const [, line] = tableOf([{ ...instance, service: '\u001b[2J\u202e', host: 'h'.repeat(500) }]);
    expect(line).toMatch(/^\\u001b\[2J\\u202e {2}h{31}… {2}7 /);
    expect(
      gapLine({
        service: '\u001b',
        host: 'a',
        pid: 1,
        reason: 'connection-lost',
        targets: ['\n'],
        fromMs: 0,
        toMs: 5,
        missed: 2,
      }),
    ).toBe(String.raw`gap \u001b a 1 connection-lost for 5 ms: \u000a, 2 missed`);
  });
});
