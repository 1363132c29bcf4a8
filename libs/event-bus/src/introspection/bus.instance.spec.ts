import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { BusInstance } from './bus.instance.js';

describe('BusInstance', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'instance-'));
    mkdirSync(join(folder, 'dist'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (file: string, content: unknown) =>
    writeFileSync(join(folder, file), JSON.stringify(content));
  const script = () => join(folder, 'dist', 'main.js');

  it('says which process it is, and is another one for each bus', () => {
    const instance = new BusInstance({ service: 'orders', version: '1.2.3' });
    const one = instance.read();
    expect(one).toMatchObject({ service: 'orders', version: '1.2.3', host: hostname(), pid: process.pid });
    expect(new Date(one.startedAt).toISOString()).toBe(one.startedAt);
    expect(instance.read()).toBe(one);
    expect(new BusInstance({}).read().id).not.toBe(one.id);
  });

  it('takes its name from the package of the script, past a package.json without one', () => {
    write('package.json', { name: '@shop/orders', version: '2.0.0' });
    write('dist/package.json', { type: 'module' });
    expect(new BusInstance({}, script()).read()).toMatchObject({ service: '@shop/orders', version: '2.0.0' });
    const named = new BusInstance({ service: 'orders' }, script()).read();
    expect(named).toMatchObject({ service: 'orders', version: '2.0.0' });
  });

  it('does without a version, and without what is no JSON', () => {
    write('package.json', { name: 'orders' });
    writeFileSync(join(folder, 'dist', 'package.json'), '{');
    const instance = new BusInstance({}, script()).read();
    expect(instance.service).toBe('orders');
    expect('version' in instance).toBe(false);
  });

  it('is called as the process where there is no package', () => {
    expect(new BusInstance({}, join(parse(folder).root, 'nowhere', 'main.js')).read().service).toBe(
      process.title,
    );
  });
});
