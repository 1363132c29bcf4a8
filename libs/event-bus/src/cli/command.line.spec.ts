import { CommandRun, runCommand } from '../../../../test/support/command.run.js';

describe('the command line', () => {
  it.each([
    [[], /^No command: write one of tail, publish/],
    [['redis://:hidden-word@host'], /^Unknown command: write one of tail, publish/],
    [['tail'], /^tail takes at least one target\. Write tail 'orders:\*'\./],
    [['tail', ''], /^A target cannot be subscribed to: .*empty/],
    [['tail', 'a*', '--shard'], /no patterns for sharded pub\/sub/],
    [['tail', 'a', '--raw'], /^--raw is not an option\. Known options: --shard, /],
    [['tail', 'a', '--json=yes'], /^--json takes no value\. Write --json alone\./],
    [['tail', 'a', '--url'], /^--url needs a value\. Write --url <url>\./],
    [['tail', 'a', '--password', 'hidden-word'], /^--password is not an option, .*set REDIS_PASSWORD\./],
    [['tail', 'a', '--url', 'localhost:6379'], /^--url is not a URL .*Write redis:\/\/host:6379/],
    [['tail', 'a', '--url', 'redis://:hidden/word@host'], /^--url has a reserved character/],
    [['tail', 'a', '--url', 'redis://a,redis://b'], /^--url has several addresses\. .*--cluster/],
    [['tail', 'a', '--url', 'redis://host/orders'], /^--url has a path/],
    [['tail', 'a', '--cluster', '--sentinel', 'm'], /exclude each other/],
    [['tail', 'a', '--ca', 'missing.pem'], /^--ca cannot be read: .*Write the path of a PEM file\./],
    [['tail', 'a', '--timeout-ms', 'soon'], /^--timeout-ms must be a whole number/],
    [['tail', 'a', '--prefix', '__x'], /^--prefix must not start with/],
    [['watch', 'orders'], /^watch takes no arguments/],
    [['watch', '--listen-ms', '0'], /^--listen-ms must be a whole number/],
    [['doctor', 'redis://:hidden-word@host'], /^doctor takes no arguments\. Write --url /],
    [['doctor', '--for', 'friend'], /^--for takes one of publisher, subscriber/],
    [['doctor', '--channel', ''], /empty/],
    [['publish', 'orders:created'], /^publish takes a channel and a body\. Write publish /],
    [['publish', 'orders:created', '{', 'id'], /^publish takes a channel and a body\./],
    [['publish', 'orders:created', '{id: 1}'], /^The body is not JSON\. /],
    [['publish', 'orders:*', '{}'], /^The channel cannot be published to: .*glob/],
  ])('says in one line what to write instead of %j', async (args, line) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(line);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect(stderr).not.toMatch(/hidden/);
  });

  it('names the variable when REDIS_URL is wrong', async () => {
    const { code, stderr } = await runCommand(['tail', 'a'], { REDIS_URL: 'tcp://:hidden-word@host' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^REDIS_URL starts with "tcp:"\. Write redis:/);
    expect(stderr).not.toContain('hidden');
  });

  it('shows the help of each command, with its options', async () => {
    const { stdout: general } = await runCommand(['--help']);
    const names = [...general.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name]) => String(name));
    expect(names).toEqual(expect.arrayContaining(['tail', 'publish', 'watch', 'doctor']));
    for (const name of names) {
      const { code, stdout } = await runCommand([name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: nestjs-redis-event-bus ${name} `));
      expect(stdout).toContain('--sentinel <name>');
    }
  });

  it('fails when it cannot write, and says why', async () => {
    const command = new CommandRun(['--version']);
    command.out.emit('error', Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    expect(await command.result).toMatchObject({
      code: 1,
      stderr: 'Cannot write: no space left on device.\n',
    });
  });
});
