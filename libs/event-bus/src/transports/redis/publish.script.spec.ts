import type { OutgoingMessage } from '../event.transport.js';
import { PublishScript, scriptProblemIn } from './publish.script.js';

const message = (channel: string, kind: OutgoingMessage['kind'] = 'channel'): OutgoingMessage => ({
  kind,
  channel,
  body: '',
});

function scriptOf(channels: readonly string[], kind: OutgoingMessage['kind'] = 'channel'): PublishScript {
  const script = new PublishScript(kind);
  channels.forEach((channel, index) => script.add(index, message(channel, kind), String(index), 1, 1));
  return script;
}

describe('PublishScript', () => {
  it('names a channel once for those that follow each other on it, and keeps their order', () => {
    const [, ...args] = scriptOf(['a', 'a', 'a', 'b', 'a', 'a']).toArguments();
    expect(args).toEqual(['0', 'a', '3', '0', '1', '2', 'b', '1', '3', 'a', '2', '4', '5']);
  });

  it('names the channel of each where they take turns', () => {
    const [, ...args] = scriptOf(['a', 'b', 'a', 'a']).toArguments();
    expect(args).toEqual(['0', 'a', '0', 'b', '1', 'a', '2', 'a', '3']);
  });

  it('has the channels of shard messages for its keys, each once', () => {
    const [text, ...args] = scriptOf(['a', 'b', 'a'], 'shard').toArguments();
    expect(args).toEqual(['2', 'a', 'b', 'a', '0', 'b', '1', 'a', '2']);
    expect(text).toContain("'SPUBLISH'");
  });

  it('has room for 64 KiB, for 4,000 deliveries, and for one kind', () => {
    const script = new PublishScript('channel');
    script.add(0, message('a'), '', 65_000, 3_990);
    expect(script.hasRoomFor(message('a'), 536, 10)).toBe(true);
    expect(script.hasRoomFor(message('a'), 537, 10)).toBe(false);
    expect(script.hasRoomFor(message('a'), 536, 11)).toBe(false);
    expect(script.hasRoomFor(message('a', 'shard'), 1, 1)).toBe(false);
  });

  it.each([
    [
      "ERR The user executing the script can't publish to the channel mentioned in the command",
      'NOPERM this user has no permissions to access one of the channels used as arguments',
    ],
    [
      "@user_script: 3: The user executing the script can't run this command or subcommand",
      "NOPERM this user has no permissions to run the 'publish' command",
    ],
    [
      'NOPERM ACL failure in script: No permissions to access a channel',
      'NOPERM No permissions to access a channel',
    ],
    ['@user_script: 3: Unknown Redis command called from Lua script', "ERR unknown command 'PUBLISH'"],
    ['ERR something else', 'ERR something else'],
  ])('reads %s as what PUBLISH is answered', (said, meant) => {
    const script = scriptOf(['a', 'b', 'a']);
    expect(script.read([3, [Buffer.from(said)], '7'])).toEqual([
      { count: 3 },
      { refusal: meant },
      { count: 7 },
    ]);
  });
});

describe('an answer to a script of two', () => {
  it.each([
    [null],
    [2],
    ['OK'],
    [[]],
    [[1]],
    [[1, 2, 3]],
    [[1, -1]],
    [[1, 1.5]],
    [[1, 2 ** 53]],
    [[1, null]],
    [[1, 'many']],
    [[1, []]],
    [[1, [null]]],
    [[1, ['NOPERM x', 'y']]],
    [[1, new Error('ERR x')]],
  ])('is not %j', (answer) => {
    expect(scriptOf(['a', 'b']).read(answer)).toBeUndefined();
  });
});

describe('scriptProblemIn', () => {
  const against = { refusal: 'ERR This Redis command is not allowed from script script: f_1' };
  it('names why nothing may be published from within a script', () => {
    expect(scriptProblemIn([against, against])).toBe(against.refusal);
  });

  it.each([
    ['one was published', [against, { count: 0 }]],
    ['the channel is denied', [{ refusal: 'NOPERM x' }, { refusal: 'NOPERM x' }]],
    ['there is nothing', []],
  ])('says nothing where %s', (_what, replies) => {
    expect(scriptProblemIn(replies)).toBeUndefined();
  });
});
