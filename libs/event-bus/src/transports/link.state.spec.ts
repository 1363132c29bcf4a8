import type { TransportState } from './event.transport.js';
import { LinkState } from './link.state.js';

const REFUSAL = new Error('refused for good');

function linked() {
  const links = {
    areUp: false,
    shortage: undefined as string | undefined,
    isMute: ({ message }: Error) => message === 'mute',
    explain: ({ message }: Error) => `explained: ${message}`,
    refusalOf: ({ message }: Error) => (message === 'no' ? REFUSAL : undefined),
  };
  const states: TransportState[] = [];
  const state = new LinkState(links, { state: (next) => states.push(next) });
  const told = () => states.splice(0).map(({ status, reason = '' }) => `${status} ${reason}`.trim());
  const update = (change: Partial<typeof links>) => {
    Object.assign(links, change);
    state.update();
  };
  return { state, told, update };
}

describe('LinkState', () => {
  it('is connecting until all links are up, and tells each change once', () => {
    const { state, told, update } = linked();
    expect(state.current).toEqual({ status: 'connecting' });
    update({});
    expect(told()).toEqual([]);
    update({ areUp: true });
    update({ areUp: true });
    expect(told()).toEqual(['ready']);
  });

  it('says that it is refused for as long as the latest attempt was', () => {
    const { state, update } = linked();
    state.failed(new Error('no'));
    update({});
    expect(state.current).toMatchObject({ status: 'connecting', isRefused: true });
    update({ areUp: true });
    expect(state.current).toEqual({ status: 'ready' });
    state.lost(new Error('reset'));
    update({ areUp: false });
    expect(state.current).toMatchObject({ status: 'degraded', reason: 'explained: reset' });
    expect(state.current).not.toHaveProperty('isRefused');
  });

  it('is degraded while something is missing on live links, and says what', () => {
    const { told, update } = linked();
    update({ areUp: true, shortage: 'denied' });
    update({ shortage: 'denied too' });
    update({ shortage: undefined });
    expect(told()).toEqual(['degraded denied', 'degraded denied too', 'ready']);
  });

  it('is degraded when a link goes after it was ready, with the reason and its error', () => {
    const { state, told, update } = linked();
    update({ areUp: true });
    const reason = new Error('reset');
    state.lost(reason);
    update({ areUp: false });
    expect(state.current).toEqual({ status: 'degraded', reason: 'explained: reset', error: reason });
    state.lost(undefined);
    update({});
    expect(told()).toEqual(['ready', 'degraded explained: reset', 'degraded connection closed']);
  });

  it('keeps the error that says why when one comes that does not', () => {
    const { state, told, update } = linked();
    state.failed(new Error('mute'));
    update({});
    state.failed(new Error('ECONNREFUSED'));
    state.failed(new Error('mute'));
    update({});
    expect(told()).toEqual(['connecting explained: mute', 'connecting explained: ECONNREFUSED']);
  });

  it('lets everybody wait for the links, and tells all when trying again cannot help', async () => {
    const { state, update } = linked();
    const linking = state.nextLink();
    state.failed(new Error('later'));
    update({ areUp: true });
    await expect(linking).resolves.toBeUndefined();
    const refused = [state.nextLink(), state.nextLink()];
    state.failed(new Error('no'));
    for (const one of refused) await expect(one).rejects.toBe(REFUSAL);
  });

  it('rejects who waits when it is closed, and moves to nothing but closed', async () => {
    const { state, told, update } = linked();
    const linking = state.nextLink();
    state.closing();
    await expect(linking).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    await expect(state.nextLink()).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    update({ areUp: true });
    expect(told()).toEqual([]);
    state.closed();
    expect(told()).toEqual(['closed']);
  });
});
