import { arrayOf, bulk } from '../../support/scripted.server.js';

/** What a server that lies says, and instead of what. */
export interface Lie {
  readonly name: string;
  /**
   * - `publish`, `subscribe`, `unsubscribe`, `ping`, `info`: instead of the answer to this.
   * - `pipeline`: instead of the answer to one of several PUBLISHes that arrive together.
   * - `push`: to subscribers.
   */
  readonly to: 'publish' | 'pipeline' | 'subscribe' | 'unsubscribe' | 'ping' | 'info' | 'push';
  readonly bytes: string;
}

const NULL = '$-1\r\n';
const NO_ARRAY = '*-1\r\n';
const EMPTY = '*0\r\n';
const confirmation = (kind: string, name: string, count: string) => arrayOf(bulk(kind), name, count);

const ODD_ANSWERS: Readonly<Record<string, string>> = {
  null: NULL,
  'no array': NO_ARRAY,
  'an empty array': EMPTY,
  'an array in an array': arrayOf(arrayOf(':1\r\n')),
  'another text': bulk('hi'),
  'what is no RESP': 'HTTP/1.1 400 Bad Request\r\n\r\n',
};

const to = (command: Lie['to'], answers: Readonly<Record<string, string>>): Lie[] =>
  Object.entries(answers).map(([name, bytes]) => ({ name: `${command}: ${name}`, to: command, bytes }));

export const LIES: readonly Lie[] = [
  ...to('publish', {
    ...ODD_ANSWERS,
    OK: '+OK\r\n',
    '-1': ':-1\r\n',
    'a number that is too large': ':99999999999999999999\r\n',
    'a fraction': ',1.5\r\n',
    'a length that never comes': '$9999999999\r\nx',
    'an array without end': '*9999999999\r\n',
    'two answers': ':0\r\n:0\r\n',
    'an answer and null': `:0\r\n${NULL}`,
    'an answer and an error': ':0\r\n-ERR sorry\r\n',
    'an answer and a message': `:0\r\n${arrayOf(bulk('message'), bulk('orders'), bulk('{}'))}`,
  }),
  ...to('pipeline', {
    ...ODD_ANSWERS,
    OK: '+OK\r\n',
    '-1': ':-1\r\n',
    'a number that is too large': ':99999999999999999999\r\n',
    'a number with a text behind it': bulk('1x'),
    'an empty text': bulk(''),
    'an array of a count': arrayOf(':0\r\n'),
    'an array of counts': arrayOf(':0\r\n', ':0\r\n'),
    'a fraction': ',1.5\r\n',
    'a length that never comes': '$9999999999\r\nx',
  }),
  ...to('subscribe', {
    ...ODD_ANSWERS,
    OK: '+OK\r\n',
    'a number': ':1\r\n',
    'another channel': confirmation('subscribe', bulk('else'), ':1\r\n'),
    'no channel': confirmation('subscribe', NULL, ':1\r\n'),
    'no count': confirmation('subscribe', bulk('orders'), NULL),
    'a count of 0': confirmation('subscribe', bulk('orders'), ':0\r\n'),
  }),
  ...to('unsubscribe', {
    ...ODD_ANSWERS,
    'a number': ':1\r\n',
    'another channel': confirmation('unsubscribe', bulk('else'), ':1\r\n'),
    'no count': confirmation('unsubscribe', bulk('orders'), NULL),
    'a negative count': confirmation('unsubscribe', bulk('orders'), ':-1\r\n'),
  }),
  ...to('ping', { ...ODD_ANSWERS, OK: '+OK\r\n', 'a number': ':1\r\n' }),
  ...to('info', { null: NULL, 'no array': NO_ARRAY, 'an empty array': EMPTY, 'a number': ':1\r\n' }),
  ...to('push', {
    null: NULL,
    'an empty array': EMPTY,
    'an array of null': arrayOf(NULL),
    'an unknown kind': arrayOf(bulk('news'), bulk('orders'), bulk('{}')),
    'a number': ':1\r\n',
    'an error': '-ERR sorry\r\n',
    'no channel': arrayOf(bulk('message'), NULL, bulk('{}')),
    'no body': arrayOf(bulk('message'), bulk('orders'), NULL),
    'a message that is too short': arrayOf(bulk('message')),
    'no pattern': arrayOf(bulk('pmessage'), NULL, bulk('orders'), bulk('{}')),
    'a confirmation that nobody waits for': confirmation('subscribe', NULL, ':1\r\n'),
  }),
];
