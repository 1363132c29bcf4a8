import { globCovers } from '../routing/glob.cover.js';
import { compileSteps } from '../routing/glob.matcher.js';
import type { Matcher } from '../routing/glob.matcher.js';
import type { Step } from '../routing/glob.steps.js';
import { byteString, parseGlob, textOf } from '../routing/glob.steps.js';
import type { SubscriptionTarget } from '../routing/subscription-target.js';

/** Replaces a star or a `?` when a channel is derived from a glob: hardly any other glob contains it. */
const ODD_BYTE = '\u0001';

interface Glob {
  readonly steps: readonly Step[];
  readonly matches: Matcher;
}

/** The channels that a subscription delivers, in a form that can be compared with others. */
export class TargetShape {
  /** The bytes that all of its channels start with, and those that they end with. */
  readonly head: string;
  readonly tail: string;
  /** Only for a pattern. */
  private readonly glob: Glob | undefined;
  /** Channels that any covering subscription must match, for a quick check. Complete if it is a channel. */
  private readonly samples: readonly string[];

  constructor({ kind, name }: SubscriptionTarget) {
    if (kind !== 'pattern') {
      this.head = byteString(name);
      this.tail = this.head;
      this.samples = [name];
      return;
    }
    const steps = parseGlob(name);
    this.glob = { steps, matches: compileSteps(steps) };
    this.head = literalOf(steps, (text, byte) => text + byte);
    this.tail = literalOf(steps.toReversed(), (text, byte) => byte + text);
    this.samples = samplesOf(steps);
  }

  /** A literal text and a star: covers every channel that starts with the text. */
  get isPrefix(): boolean {
    const steps = this.glob?.steps;
    return steps?.length === this.head.length + 1 && steps.at(-1)?.kind === 'star';
  }

  /** Whether this is a pattern that matches the channel. */
  matches(channel: string): boolean {
    return this.glob !== undefined && this.glob.matches(channel);
  }

  /**
   * Whether this is a pattern that delivers everything that the other one delivers. False if this is too expensive to decide.
   */
  covers(other: TargetShape): boolean {
    const { glob } = this;
    if (glob === undefined || !other.head.startsWith(this.head)) return false;
    for (const sample of other.samples) if (!glob.matches(sample)) return false;
    return other.glob === undefined || this.isPrefix || globCovers(glob.steps, other.glob.steps);
  }
}

function literalOf(steps: readonly Step[], join: (text: string, byte: string) => string): string {
  let literal = '';
  for (const step of steps) {
    if (!('byte' in step)) break;
    literal = join(literal, step.byte);
  }
  return literal;
}

/** The shortest channel of a glob, and one with a replacement for each star. None if it has a class. */
function samplesOf(steps: readonly Step[]): readonly string[] {
  if (steps.some(({ kind }) => kind === 'class')) return [];
  const sampleWith = (star: string) =>
    steps.map((step) => ('byte' in step ? step.byte : step.kind === 'star' ? star : ODD_BYTE)).join('');
  return ['', ODD_BYTE].map((star) => textOf(sampleWith(star))).filter((sample) => sample !== '');
}
