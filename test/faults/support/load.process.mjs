// Publishes numbered CloudEvents at a steady rate, from a process of its own so that a busy test does not slow it down.
// Arguments: JSON of LoadOptions, see load.ts. Tells its parent `{ sent }` after `stop`, when Redis has answered for all.
import { connect } from 'node:net';

const { port, ratePerSecond, channelCount, payloadBytes } = JSON.parse(process.argv[2]);
const TICK_MS = 5;
/** A server that has stopped is not sent more than it can take in later. */
const UNANSWERED_MAX = 20_000;

const pad = 'x'.repeat(payloadBytes);
const sequences = Array.from({ length: channelCount }, () => 0);
let sent = 0;
let answered = 0;
let isStopping = false;

const socket = connect({ port, host: '127.0.0.1', noDelay: true });
socket.on('data', (bytes) => {
  for (const byte of bytes) if (byte === 0x0a) answered += 1;
  if (isStopping && answered === sent) process.send({ sent }, () => process.exit());
});
socket.on('connect', () => process.send('ready'));
process.on('disconnect', () => process.exit());
process.on('message', (message) => (message === 'start' ? start() : stop()));

let timer;
let startedAtMs;
let due = 0;

function start() {
  startedAtMs = performance.now();
  timer = setInterval(() => {
    due = Math.floor(((performance.now() - startedAtMs) * ratePerSecond) / 1_000);
    const commands = [];
    while (sent < due && sent - answered < UNANSWERED_MAX) commands.push(next(sent % channelCount));
    if (commands.length > 0) socket.write(commands.join(''));
  }, TICK_MS);
}

/** One more event on each channel, so that what is missing before it shows. */
function stop() {
  clearInterval(timer);
  isStopping = true;
  socket.write(sequences.map((_sequence, channel) => next(channel, true)).join(''));
}

function next(channel, isLast = false) {
  sent += 1;
  const sequence = (sequences[channel] += 1);
  const name = `load:${channel}`;
  const body = JSON.stringify({
    specversion: '1.0',
    id: String(sent),
    source: '/load',
    type: name,
    data: { channel, sequence, isLast, pad },
    publisherid: 'load',
    sequence: String(sequence).padStart(16, '0'),
  });
  return `*3\r\n$7\r\nPUBLISH\r\n$${name.length}\r\n${name}\r\n$${Buffer.byteLength(body)}\r\n${body}\r\n`;
}
