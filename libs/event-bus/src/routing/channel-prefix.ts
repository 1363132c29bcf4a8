import { nameProblem } from './name.problem.js';
import { escapeGlob } from './redis-glob.js';

/** Channels that Redis itself publishes on; nobody else may, and no prefix belongs there. */
const RESERVED = '__';

/** Puts an application's prefix before every channel it uses, and takes it off again on the way in. */
export class ChannelPrefix {
  private readonly glob: string;

  constructor(readonly prefix: string) {
    this.glob = escapeGlob(prefix);
  }

  addToChannel(channel: string): string {
    return channel.startsWith(RESERVED) ? channel : this.prefix + channel;
  }

  /** The prefix is literal text, also where it holds glob characters. */
  addToPattern(pattern: string): string {
    return pattern.startsWith(RESERVED) ? pattern : this.glob + pattern;
  }

  strip(channel: string): string {
    return this.prefix !== '' && channel.startsWith(this.prefix)
      ? channel.slice(this.prefix.length)
      : channel;
  }
}

/** Whether it is one that the broker itself publishes on. */
export function isBrokerChannel(channel: string): boolean {
  return channel.startsWith(RESERVED);
}

/** Why nobody may publish to this channel, or undefined when it is fine. */
export function publishProblem(channel: unknown): string | undefined {
  if (typeof channel !== 'string') return 'the channel must be a string.';
  if (channel === '') return 'the channel is empty. Name it, e.g. "orders:created".';
  if (channel.startsWith(RESERVED)) return 'names that start with "__" belong to Redis. Choose another one.';
  if (/[*?[\]\\]/.test(channel)) {
    return 'it holds a glob character (* ? [ ] \\), which subscribers would read as a pattern. Publish to a concrete channel.';
  }
  return nameProblem(channel);
}
