import { jest } from '@jest/globals';
import { StateLog } from './state.log.js';

describe('StateLog', () => {
  let lines: string[];
  let log: StateLog;
  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    log = new StateLog(({ status }, unlogged) =>
      lines.push(unlogged === 0 ? status : `${status} ${unlogged}`),
    );
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const turn = (...statuses: readonly ('degraded' | 'ready')[]) => {
    for (const status of statuses) log.turned({ status });
  };

  it('writes at once that it is degraded, and that it is ready again', () => {
    turn('degraded');
    expect(lines).toEqual(['degraded']);
    jest.advanceTimersByTime(60_000);
    turn('ready');
    expect(lines).toEqual(['degraded', 'ready']);
    jest.advanceTimersByTime(5_000);
    turn('degraded');
    expect(lines).toEqual(['degraded', 'ready', 'degraded']);
  });

  it('writes a line every 5 seconds while they take turns, with how many it left out', () => {
    turn('degraded', 'ready', 'degraded', 'ready', 'degraded');
    expect(lines).toEqual(['degraded', 'ready']);
    jest.advanceTimersByTime(5_000);
    expect(lines.slice(2)).toEqual(['degraded 2']);
    turn('ready', 'degraded');
    jest.advanceTimersByTime(5_000);
    expect(lines.slice(3)).toEqual(['degraded 2']);
    turn('ready');
    jest.advanceTimersByTime(5_000);
    expect(lines.slice(4)).toEqual(['ready']);
    jest.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(5);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not leave the last word out', () => {
    turn('degraded', 'ready', 'degraded');
    jest.advanceTimersByTime(60_000);
    expect(lines.at(-1)).toBe('degraded');
  });

  it('leaves no timer when it is closed', () => {
    turn('degraded', 'ready', 'degraded');
    log.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
