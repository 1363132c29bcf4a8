import type { SubscriptionTarget } from '../../routing/subscription-target.js';
import { SubscriptionAnswers } from './subscription.answers.js';

const targetOf = (name: string): SubscriptionTarget => ({ kind: 'channel', name });

describe('SubscriptionAnswers', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(targetOf) as [
    SubscriptionTarget,
    SubscriptionTarget,
    SubscriptionTarget,
  ];

  it('gives each caller an outcome for each of its targets, in their order, whatever the order of the answers', async () => {
    const answers = new SubscriptionAnswers();
    const error = new Error('NOPERM');
    const asked = [answers.next([a, b, c]), answers.next([c, a])];
    answers.confirmed(c);
    answers.failed(a, () => error);
    answers.confirmed(b);
    await expect(Promise.all(asked)).resolves.toEqual([
      [{ target: a, error }, { target: b }, { target: c }],
      [{ target: c }, { target: a, error }],
    ]);
  });

  it('waits only for what is not known', async () => {
    const answers = new SubscriptionAnswers();
    const known = (target: SubscriptionTarget) => (target === b ? undefined : { target });
    const asked = answers.next([a, b], known);
    answers.confirmed(b);
    await expect(asked).resolves.toEqual([{ target: a }, { target: b }]);
    await expect(answers.next([a, c], known)).resolves.toEqual([{ target: a }, { target: c }]);
    await expect(answers.next([])).resolves.toEqual([]);
  });

  it('answers twice for a target that is asked for twice', async () => {
    const answers = new SubscriptionAnswers();
    const asked = answers.next([a, a]);
    answers.confirmed(a);
    await expect(asked).resolves.toEqual([{ target: a }, { target: a }]);
  });

  it('makes an error only if a caller waits, and answers once', async () => {
    const answers = new SubscriptionAnswers();
    const made: string[] = [];
    const fail = () =>
      answers.failed(a, () => {
        made.push('error');
        return new Error('closed');
      });
    fail();
    const asked = answers.next([a]);
    fail();
    answers.confirmed(a);
    await expect(asked).resolves.toEqual([{ target: a, error: new Error('closed') }]);
    expect(made).toEqual(['error']);
  });
});
