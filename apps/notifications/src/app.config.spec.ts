import { AppConfigError, readConfig } from './app.config.js';

describe('readConfig', () => {
  it('needs nothing', () => {
    expect(readConfig({})).toEqual({ port: 3001, host: undefined, redis: undefined, notifyDelayMs: 0 });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ PORT: '', REDIS_URL: '' })).toEqual(readConfig({}));
  });

  it('reads every variable', () => {
    const url = 'rediss://:secret@redis:6380/1';
    const environment = {
      PORT: '8080',
      HOST: '127.0.0.1',
      REDIS_URL: url,
      NOTIFY_DELAY_MS: '250',
      PATH: '/bin',
    };
    expect(readConfig(environment)).toEqual({
      port: 8080,
      host: '127.0.0.1',
      redis: { kind: 'server', url },
      notifyDelayMs: 250,
    });
  });

  it('names every variable that cannot be used, without its value', () => {
    const read = () =>
      readConfig({ PORT: '70000', REDIS_URL: 'http://:secret@redis', NOTIFY_DELAY_MS: 'slow' });
    expect(read).toThrow(AppConfigError);
    expect(read).toThrow('PORT must be a whole number from 0 to 65535');
    expect(read).toThrow('REDIS_URL must be a URL such as redis://');
    expect(read).toThrow('NOTIFY_DELAY_MS must be a whole number of milliseconds');
    expect(read).not.toThrow('secret');
  });

  it.each(['http', '3000.5', '-1', 'NaN'])('refuses the port %s', (PORT) => {
    expect(() => readConfig({ PORT })).toThrow('PORT must be a whole number');
  });
});
