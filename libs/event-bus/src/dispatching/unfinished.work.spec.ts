import { joinWork } from './unfinished.work.js';

describe('joinWork', () => {
  it('adds up what each handler had to do, in the order in which they were named', () => {
    expect(
      joinWork([
        { handler: 'a', running: 1, waiting: 2 },
        { handler: 'b', running: 0, waiting: 1 },
        { handler: 'a', running: 2, waiting: 3 },
      ]),
    ).toEqual([
      { handler: 'a', running: 3, waiting: 5 },
      { handler: 'b', running: 0, waiting: 1 },
    ]);
  });
});
