// Publishes as fast as a subscriber can take it: hand-written commands in pipelines, without a client library.
import { once } from 'node:events';
import { connect } from 'node:net';
import { WIRES } from '../payload/wire.mjs';
import { serve } from './serve.mjs';

const BLOCK = 128;

const links = new Map();
let acknowledged = 0;
let wake = () => undefined;

serve({
  /** `ports[i]` is where `channels[i]` is published, `ahead` how many events may not be acknowledged. Resolves with the number of deliveries that the servers report. */
  async run({ command, channels, ports, wire, from, events, ahead }) {
    const encode = WIRES[wire];
    const heads = channels.map((channel) => `*3\r\n${bulk(command)}${bulk(channel)}`);
    const lanes = await Promise.all(ports.map(linkTo));
    const replies = [...new Set(lanes)].map((link) => link.expectReplies());
    acknowledged = from;
    for (let next = from; next < from + events;) {
      const end = Math.min(from + events, next + BLOCK, acknowledged + ahead);
      const blocks = new Map();
      for (; next < end; next += 1) {
        const index = next % channels.length;
        const link = lanes[index];
        link.expected += 1;
        blocks.set(link, (blocks.get(link) ?? '') + heads[index] + bulk(encode(channels[index], next)));
      }
      for (const [link, block] of blocks) await link.write(block);
      if (next >= acknowledged + ahead) await new Promise((resolve) => (wake = resolve));
    }
    for (const link of new Set(lanes)) link.allSent();
    const receivers = await Promise.all(replies);
    return receivers.reduce((sum, count) => sum + count, 0);
  },
  /** The subscriber is done with the events before this number. */
  acknowledge(number) {
    acknowledged = number;
    wake();
  },
});

function bulk(text) {
  return `$${text.length}\r\n${text}\r\n`;
}

async function linkTo(port) {
  if (!links.has(port)) links.set(port, Link.open(port));
  return links.get(port);
}

class Link {
  expected = 0;

  static async open(port) {
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    await once(socket, 'connect');
    return new Link(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.rest = '';
    socket.on('data', (text) => this.read(text));
  }

  /** Resolves with the sum of the integers that are answered, once all of them are there. */
  expectReplies() {
    Object.assign(this, { expected: 0, answered: 0, receivers: 0, isAllSent: false });
    return new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }

  allSent() {
    this.isAllSent = true;
    this.settle();
  }

  async write(block) {
    if (!this.socket.write(block, 'latin1')) await once(this.socket, 'drain');
  }

  read(text) {
    const lines = (this.rest + text).split('\r\n');
    this.rest = lines.pop();
    for (const line of lines) {
      if (line[0] === ':') this.receivers += Number(line.slice(1));
      else this.reject(new Error(`The server refused the load: ${line}`));
    }
    this.answered += lines.length;
    this.settle();
  }

  settle() {
    if (this.isAllSent && this.answered === this.expected) this.resolve(this.receivers);
  }
}
