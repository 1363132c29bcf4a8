import { nameProblem } from './name.problem.js';
import { escapeGlob } from './redis-glob.js';

/** Channels that Redis itself publishes on. Applications cannot publish to them, and they never get a prefix. */
const RESERVED = '__';

/** Adds an application's prefix to every channel it uses, and removes it from incoming channels. */
export class ChannelPrefix {
  private readonly glob: string;

  constructor(readonly prefix: string) {
    this.glob = escapeGlob(prefix);
  }

  addToChannel(channel: string): string {
    return channel.startsWith(RESERVED) ? channel : this.prefix + channel;
  }

  /** The prefix is literal text, even if it contains glob characters. */
  addToPattern(pattern: string): string {
    return pattern.startsWith(RESERVED) ? pattern : this.glob + pattern;
  }

  strip(channel: string): string {
    return this.prefix !== '' && channel.startsWith(this.prefix)
      ? channel.slice(this.prefix.length)
      : channel;
  }
}

/** Whether the broker itself publishes on this channel. */
export function isBrokerChannel(channel: string): boolean {
  return channel.startsWith(RESERVED);
}

/** Why this channel cannot be published to, or undefined if it can. */
export function publishProblem(channel: unknown): string | undefined {
  if (typeof channel !== 'string') return 'the channel must be a string.';
  if (channel === '') return 'the channel is empty. Name it, e.g. "orders:created".';
  if (channel.startsWith(RESERVED)) return 'names that start with "__" belong to Redis. Choose another one.';
  if (/[*?[\]\\]/.test(channel)) {
    return 'it contains a glob character (* ? [ ] \\), which subscribers would read as a pattern. Publish to a concrete channel.';
  }
  return nameProblem(channel);
}
