import { ChannelTemplate } from '../../libs/event-bus/src/routing/channel-template.js';
import { backtrackingMatch } from '../support/backtracking.match.js';
import { CountedText } from '../support/counted.text.js';
import { Inbox } from '../support/inbox.js';
import type { Contender } from './support/contender.js';
import { named } from './support/contender.js';
import type { FaultRow } from './support/fault.row.js';
import { expectToBite, expectToHold } from './support/fault.row.js';
import { FaultStage } from './support/fault.stage.js';
import { inTime } from './support/patience.js';
import { plainIoredis } from './support/plain.ioredis.js';
import { theBus } from './support/the.bus.js';

const TEMPLATES = ['orders.<tenant>.<region>.<id>.created', 'orders-<tenant>-<region>-<id>-created'];
/** Many ways to divide it, and none that is right. */
const hostileTo = (template: string, length: number): string => {
  const separator = template.charAt('orders'.length);
  const half = separator.repeat(length / 2);
  return `orders${half}:${half}x${separator}created`;
};
const LENGTHS = { short: 200, long: 400, sent: 10_000 };

const stage = new FaultStage();

type Match = (template: string, channel: string) => unknown;

interface Outcome {
  readonly isFenceHandled: boolean;
  /** How much more a channel of twice the length takes, at worst. */
  readonly growth: number;
}

/** @param targets what the contender subscribes to; @param match how it finds the values of the parameters */
const row = (targets: readonly string[], match: Match): FaultRow<Outcome> => ({
  stage,
  id: 'F31',
  fault: 'a channel of 10 KB that fits a template almost, in many ways; parameters separated by . and -',
  promise: 'matched in a number of steps that grows with its length, and the next event is handled',
  async run(contender: Contender) {
    const fence = new Inbox<unknown>();
    await stage.start(contender, {
      handlers: [{ name: 'handle', targets, handle: fence.push }],
    });
    for (const template of TEMPLATES) {
      await stage.redis.cli('PUBLISH', hostileTo(template, LENGTHS.sent), '{"id":1}');
      await stage.redis.cli('PUBLISH', template.replaceAll(/[<>]/g, ''), '{"id":2}');
    }
    await inTime(fence.count(TEMPLATES.length));
    const steps = (template: string, length: number): number => {
      const channel = CountedText.of(hostileTo(template, length));
      match(template, channel);
      return channel.steps;
    };
    return {
      isFenceHandled: fence.items.length >= TEMPLATES.length,
      growth: Math.max(...TEMPLATES.map((text) => steps(text, LENGTHS.long) / steps(text, LENGTHS.short))),
    };
  },
  check({ isFenceHandled, growth }) {
    expect(isFenceHandled).toBe(true);
    expect(growth).toBeLessThan(2.1);
  },
  figure: ({ growth }) => `${growth.toFixed(1)} times the steps for twice the length`,
});

describe('F31: a hostile channel for a template', () => {
  it('is matched in linear steps', () =>
    expectToHold(
      row(TEMPLATES, (template, channel) => new ChannelTemplate(template).match(channel)),
      theBus(),
    ));

  it('takes a backtracking match eight times the steps for twice the length (control)', () =>
    expectToBite(
      row(['orders*'], (template, channel) => backtrackingMatch(template.split(/<\w+>/), channel)),
      named('a backtracking match', plainIoredis()),
    ));
});
