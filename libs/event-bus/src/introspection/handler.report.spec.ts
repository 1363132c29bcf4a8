import type { EventHandler } from '../dispatching/event.handler.js';
import { ChannelPrefix } from '../routing/channel-prefix.js';
import { orderTargets, parseTarget } from '../routing/handler-target.js';
import { reportHandlers } from './handler.report.js';

const prefix = new ChannelPrefix('shop:');
const target = (text: string) => parseTarget(text, prefix);
const handler = (name: string, ...texts: string[]): EventHandler => ({
  name,
  targets: orderTargets(texts.map(target)),
  invoke: () => undefined,
});

describe('reportHandlers', () => {
  it('says who handles what, and where two get the same event', () => {
    const report = reportHandlers(
      [handler('A.a', 'orders:*'), handler('B.b', 'orders:created', 'x'), handler('C.c', 'bills:<id>')],
      undefined,
    );
    expect(report.lines).toEqual([
      'A.a handles "orders:*"',
      'B.b handles "orders:created", "x"',
      'C.c handles "bills:<id>"',
      'A.a and B.b overlap: "orders:*" and "orders:created"',
    ]);
    expect(report.warnings).toEqual([]);
  });

  it('keeps shard channels apart, and exact channels that differ', () => {
    const shard: EventHandler = { ...handler('S.s'), targets: [parseTarget('a', prefix, 'shard')] };
    expect(reportHandlers([shard, handler('A.a', 'a'), handler('B.b', 'b')], undefined).lines).toHaveLength(
      3,
    );
  });

  it('warns of a class that several modules provide', () => {
    const { warnings } = reportHandlers([handler('A.a', 'x'), handler('A.a', 'x')], undefined);
    expect(warnings).toEqual([expect.stringContaining('A.a is registered 2 times')]);
  });

  it('names contracts that nobody handles, and warns of handlers that no contract reaches', () => {
    const report = reportHandlers(
      [handler('A.a', 'orders:*'), handler('B.b', 'oders:created', 'orders:1:paid')],
      [target('orders:<id>:paid'), target('bills:<id>')],
    );
    expect(report.lines).toContain('No handler in this process for "bills:<id>"');
    expect(report.lines).not.toContain('No handler in this process for "orders:<id>:paid"');
    expect(report.warnings).toEqual([
      expect.stringContaining('No contract matches targets of B.b (targets="oders:created")'),
    ]);
  });

  it('does not compare every pair of very many handlers', () => {
    const many = Array.from({ length: 201 }, (_, n) => handler(`H.h${n}`, '*'));
    expect(reportHandlers(many, undefined).lines.at(-1)).toContain('not checked');
  });

  it('does not compare every pair of very many targets', () => {
    const names = Array.from({ length: 1_001 }, (_, n) => `c:${n}`);
    const lines = reportHandlers([handler('A.a', ...names), handler('B.b', ...names)], undefined).lines;
    expect(lines.at(-1)).toContain('not checked with more than 2000 targets');
  });
});
