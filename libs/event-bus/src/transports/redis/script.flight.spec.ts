import { ScriptFlight } from './script.flight.js';

describe('ScriptFlight', () => {
  let flight: ScriptFlight;
  let done: string[];
  beforeEach(() => {
    flight = new ScriptFlight();
    done = [];
  });

  const refuse = (place: number) =>
    flight.refused({
      place,
      sendAgain: () => done.push(`${place} again`),
      giveUp: () => done.push(`${place} given up`),
    });
  const hold = (name: string, messageCount = 1) =>
    flight.hold({ messageCount, send: () => done.push(`${name} sent`) });

  it('sends a script again when it was refused, and what came meanwhile behind it', () => {
    const [first, second] = [flight.depart(), flight.depart()];
    refuse(first);
    expect([flight.isHolding, done]).toEqual([true, []]);
    hold('a');
    hold('b');
    refuse(second);
    expect(done).toEqual(['1 again', '2 again', 'a sent', 'b sent']);
    expect([flight.isHolding, flight.pending]).toEqual([false, 0]);
  });

  it('sends nothing again that something was executed behind', () => {
    const [first, second, third] = [flight.depart(), flight.depart(), flight.depart()];
    refuse(first);
    hold('a');
    flight.executed(second);
    expect(done).toEqual(['1 given up', 'a sent']);
    refuse(third);
    expect(done).toEqual(['1 given up', 'a sent', '3 again']);
  });

  it('takes the order of what was written, not that of the answers', () => {
    const [first, second] = [flight.depart(), flight.depart()];
    flight.executed(second);
    refuse(first);
    expect(done).toEqual(['1 given up']);
    const [third, fourth] = [flight.depart(), flight.depart()];
    refuse(fourth);
    flight.executed(third);
    expect(done).toEqual(['1 given up', '4 again']);
  });

  it('takes a refusal behind it for nothing executed', () => {
    const first = flight.depart();
    flight.depart();
    refuse(first);
    flight.turnedDown();
    expect(done).toEqual(['1 again']);
  });

  it('holds 10,000 messages at most', () => {
    const first = flight.depart();
    flight.depart();
    refuse(first);
    expect([hold('a', 9_999), hold('b', 2), hold('c', 1)]).toEqual([true, false, true]);
    flight.turnedDown();
    expect(done).toEqual(['1 again', 'a sent', 'c sent']);
  });
});
