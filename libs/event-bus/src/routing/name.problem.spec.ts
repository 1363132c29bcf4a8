import { jest } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import { defineEvent } from '../contracts/event.contract.js';
import { targetInputProblem } from '../contracts/contract.target.js';
import { HANDLER_OPTIONS } from '../dispatching/handler.option-problems.js';
import { InvalidOptionError } from '../errors.js';
import { resolveSettings } from '../module/event-bus.options.js';
import { keyEventProblems } from '../keyspace/key-event.declaration.js';
import { BrokerQuestions } from '../introspection/broker.questions.js';
import { EventBusClient } from '../microservices/event-bus.client.js';
import { PatternTable } from '../microservices/pattern.table.js';
import type { InspectionResult } from '../transports/event.transport.js';
import { optionProblems } from '../option.checks.js';
import { memory } from '../transports/memory/memory.transport.js';
import { ChannelPrefix, publishProblem } from './channel-prefix.js';
import { nameProblem } from './name.problem.js';

const [HIGH, LOW] = ['\ud83d', '\ude00'];
const PROBLEM = 'half of a surrogate pair';

describe('nameProblem', () => {
  it.each(['', 'a', 'ä', `${HIGH}${LOW}`, '\ufffd', '\0'])('has nothing against %j', (text) => {
    expect(nameProblem(text)).toBeUndefined();
  });

  it.each([HIGH, LOW, `${LOW}${HIGH}`, `a${HIGH}`, `${HIGH}a${LOW}`])('refuses %j', (text) => {
    expect(nameProblem(text)).toContain(PROBLEM);
  });
});

describe('half of a surrogate pair', () => {
  const text = `orders:${HIGH}`;
  const message = (call: () => unknown): string => {
    try {
      call();
    } catch (error) {
      return String(error);
    }
    return '';
  };

  it.each([
    ['a channel to publish to', () => publishProblem(text)],
    ['a target', () => targetInputProblem(text)],
    ['a target that is a glob', () => targetInputProblem(`${text}*`)],
    ['a target with a class', () => targetInputProblem(`[${HIGH}]`)],
    ['a target that is a template', () => targetInputProblem(`${text}:<id>`)],
    ['a channel by declaration', () => targetInputProblem(text, 'channel')],
    ['a pattern by declaration', () => targetInputProblem(text, 'pattern')],
    ['a shard channel', () => targetInputProblem(text, 'shard')],
    ['a contract', () => message(() => defineEvent(text))],
    ['a template of a contract', () => message(() => defineEvent(`${text}:<id>`))],
    ['a prefix', () => message(() => resolveSettings({ transport: memory(), prefix: text }, 'default'))],
    ['a channel of dead letters', () => optionProblems(HANDLER_OPTIONS, { deadLetter: text }).join()],
    ['a glob of keys', () => keyEventProblems({ events: ['expired'], key: text, db: undefined }).join()],
  ])('is refused in %s', (_what, problemOf) => expect(problemOf()).toContain(PROBLEM));

  it('is refused in the pattern of a microservice, be it a text or an object', () => {
    for (const pattern of [text, { cmd: text }]) {
      const table = new PatternTable(new ChannelPrefix(''));
      table.addEvent(pattern, async () => undefined, 'method');
      table.addMessage(pattern, async () => undefined);
      expect(table.problems).toHaveLength(2);
      expect(table.problems.join()).toContain(PROBLEM);
    }
  });

  it('is refused in what a client sends to', async () => {
    const client = new EventBusClient({ transport: memory() });
    for (const pattern of [text, { cmd: text }]) {
      await expect(lastValueFrom(client.emit(pattern, 1))).rejects.toThrow(PROBLEM);
    }
    await client.close();
  });

  it('is refused in what the broker is asked about', async () => {
    const asked = jest.fn<() => Promise<InspectionResult>>();
    const questions = new BrokerQuestions({ name: 'memory', inspect: asked }, new ChannelPrefix(''));
    await expect(questions.channels('channels', text)).rejects.toThrow(InvalidOptionError);
    await expect(questions.counts('subscriberCounts', ['a', text])).rejects.toThrow(PROBLEM);
    expect(asked).not.toHaveBeenCalled();
  });
});
