import type { Terminal } from '../terminal.js';

const TO_START = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CLEAR = '\u001b[2J';

/** Draws lines over those that it drew before. They must be printable. */
export class Screen {
  private isCleared = false;

  constructor(private readonly terminal: Terminal) {}

  draw(lines: readonly string[]): void {
    const { columns, rows } = this.terminal.size;
    const shown =
      lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more lines`];
    const text = shown.map((line) => `${line.slice(0, columns)}${CLEAR_LINE}\n`).join('');
    this.terminal.show(`${this.isCleared ? '' : CLEAR}${TO_START}${text}${CLEAR_BELOW}`);
    this.isCleared = true;
  }
}
