/** A text that counts how often code that takes a string looks at one of its characters. */
export class CountedText extends String {
  steps = 0;

  static of(text: string): CountedText & string {
    return new CountedText(text) as CountedText & string;
  }

  override charCodeAt(at: number): number {
    this.steps += 1;
    return super.charCodeAt(at);
  }

  override slice(start?: number, end?: number): string {
    const part = super.slice(start, end);
    this.steps += part.length;
    return part;
  }

  /** As a search that compares from each place on until a character differs, which is what it costs at worst. */
  override indexOf(text: string, from = 0): number {
    for (let at = Math.max(0, from); at <= this.length - text.length; at += 1) {
      if (this.startsWith(text, at)) return at;
    }
    return -1;
  }

  override startsWith(text: string, at = 0): boolean {
    for (let i = 0; i < text.length; i += 1) {
      if (this.charCodeAt(at + i) !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  override endsWith(text: string): boolean {
    return this.startsWith(text, this.length - text.length);
  }
}
