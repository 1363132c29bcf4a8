import type { SubscriptionTarget } from '../routing/subscription-target.js';
import { settled } from '../../../../test/support/eventually.js';
import { EndWaits } from './end.waits.js';

const channel = (name: string): SubscriptionTarget => ({ kind: 'channel', name });

function waitsOf() {
  const givenUp = new Set<string>();
  const waits = new EndWaits(({ name }) => givenUp.has(name));
  const ended: string[] = [];
  const wait = (...names: string[]) =>
    void waits.until(names.map(channel)).then(() => ended.push(names.join(' ')));
  return { waits, givenUp, ended, wait };
}

describe('EndWaits', () => {
  it('end at once for what is given up already, and for nothing', async () => {
    const { givenUp, ended, wait } = waitsOf();
    givenUp.add('a');
    wait('a');
    wait();
    await settled();
    expect(ended).toEqual(['a', '']);
  });

  it('end when the last of their targets is given up, for all who wait for it', async () => {
    const { waits, givenUp, ended, wait } = waitsOf();
    wait('a', 'b');
    wait('b');
    for (const name of ['a', 'b']) {
      givenUp.add(name);
      waits.touch([channel(name)]);
      waits.look();
    }
    await settled();
    expect(ended).toEqual(['a b', 'b']);
  });

  it('look at none but what was touched, or at all of them', async () => {
    const { waits, givenUp, ended, wait } = waitsOf();
    wait('a');
    wait('b');
    for (const name of ['a', 'b']) givenUp.add(name);
    waits.touch([channel('a')]);
    waits.look();
    await settled();
    expect(ended).toEqual(['a']);
    waits.touchAll();
    waits.look();
    await settled();
    expect(ended).toEqual(['a', 'b']);
  });

  it('end all when nothing more is to come', async () => {
    const { waits, ended, wait } = waitsOf();
    wait('a', 'b');
    waits.end();
    await settled();
    expect(ended).toEqual(['a b']);
  });
});
