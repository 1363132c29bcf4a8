import type { TargetShape } from './target.shape.js';

/** An item with a shape. */
export interface Shaped {
  readonly shape: TargetShape;
}

/**
 * How many candidates are compared with one target: hundreds with the same head and tail would cost more than one of them
 * saves.
 */
const MAX_CANDIDATES = 50;

/** Sets of items by text, searched for texts that another text begins with. */
class TextIndex<Value> {
  private readonly byLength = new Map<number, Map<string, Value>>();

  get(text: string): Value | undefined {
    return this.byLength.get(text.length)?.get(text);
  }

  set(text: string, value: Value): void {
    const texts = this.byLength.get(text.length) ?? new Map<string, Value>();
    this.byLength.set(text.length, texts.set(text, value));
  }

  delete(text: string): void {
    const texts = this.byLength.get(text.length);
    texts?.delete(text);
    if (texts?.size === 0) this.byLength.delete(text.length);
  }

  get isEmpty(): boolean {
    return this.byLength.size === 0;
  }

  /** The values of all texts that `partOf` takes from it, by length. */
  *within(text: string, partOf: (text: string, length: number) => string): Iterable<Value> {
    for (const [length, texts] of this.byLength) {
      if (length > text.length) continue;
      const value = texts.get(partOf(text, length));
      if (value !== undefined) yield value;
    }
  }
}

const headOf = (text: string, length: number): string => text.slice(0, length);
const tailOf = (text: string, length: number): string => text.slice(text.length - length);

/**
 * Patterns, searched for one that covers a target. Indexed by head and tail: with thousands of patterns, few must be compared.
 */
export class CoverIndex<Item extends Shaped> {
  /** Patterns of a text and a star. */
  private readonly prefixes = new TextIndex<Set<Item>>();
  /** The other patterns: by head, then by tail. */
  private readonly globs = new TextIndex<TextIndex<Set<Item>>>();

  get isEmpty(): boolean {
    return this.prefixes.isEmpty && this.globs.isEmpty;
  }

  add(item: Item): void {
    const { head, tail, isPrefix } = item.shape;
    const index = isPrefix ? this.prefixes : this.tailsOf(head);
    const text = isPrefix ? head : tail;
    const items = index.get(text);
    if (items === undefined) index.set(text, new Set([item]));
    else items.add(item);
  }

  delete(item: Item): void {
    const { head, tail, isPrefix } = item.shape;
    const index = isPrefix ? this.prefixes : this.globs.get(head);
    const text = isPrefix ? head : tail;
    const items = index?.get(text);
    items?.delete(item);
    if (items?.size === 0) index?.delete(text);
    if (!isPrefix && index?.isEmpty) this.globs.delete(head);
  }

  has(item: Item): boolean {
    const { head, tail, isPrefix } = item.shape;
    const items = isPrefix ? this.prefixes.get(head) : this.globs.get(head)?.get(tail);
    return items?.has(item) ?? false;
  }

  /** A pattern that covers this item and that `isAllowed`. Undefined if none was found. */
  find(item: Item, isAllowed: (candidate: Item) => boolean): Item | undefined {
    if (this.isEmpty) return undefined;
    const { shape } = item;
    const covers = (candidate: Item) => isAllowed(candidate) && candidate.shape.covers(shape);
    for (const items of this.prefixes.within(shape.head, headOf)) {
      for (const candidate of items) if (covers(candidate)) return candidate;
    }
    let looked = 0;
    for (const tails of this.globs.within(shape.head, headOf)) {
      for (const items of tails.within(shape.tail, tailOf)) {
        for (const candidate of items) {
          looked += 1;
          if (looked > MAX_CANDIDATES) return undefined;
          if (covers(candidate)) return candidate;
        }
      }
    }
    return undefined;
  }

  private tailsOf(head: string): TextIndex<Set<Item>> {
    const tails = this.globs.get(head) ?? new TextIndex<Set<Item>>();
    this.globs.set(head, tails);
    return tails;
  }
}
