import type { Terminal } from '../terminal.js';
import type { InstanceList, WatchedGap } from './instance.list.js';
import { Screen } from './screen.js';
import { gapLine, tableOf } from './table.text.js';

/** Shows the list again and again. */
export interface WatchView {
  /** Once a second. */
  draw(): void;
  /** As soon as it is reported. */
  gap(gap: WatchedGap): void;
}

const MAX_GAPS_ON_SCREEN = 5;

/** On a screen the table is drawn over itself; otherwise each line is written. */
export function viewOf(list: InstanceList, terminal: Terminal, isJson: boolean): WatchView {
  if (isJson) return jsonView(list, terminal);
  return terminal.isScreen ? screenView(list, terminal) : lineView(list, terminal);
}

function jsonView(list: InstanceList, terminal: Terminal): WatchView {
  return {
    draw: () => {
      const { isJudging, ignored } = list.directory;
      const at = new Date().toISOString();
      terminal.print(JSON.stringify({ type: 'instances', at, isJudging, ignored, instances: list.read() }));
    },
    gap: (gap) => terminal.print(JSON.stringify({ type: 'gap', at: new Date().toISOString(), ...gap })),
  };
}

function lineView(list: InstanceList, terminal: Terminal): WatchView {
  const timed = (line: string) => terminal.print(`${new Date().toISOString()} ${line}`);
  return {
    draw: () => [...tableOf(list.read()), ...remarksOn(list)].forEach(timed),
    gap: (gap) => timed(gapLine(gap)),
  };
}

function screenView(list: InstanceList, terminal: Terminal): WatchView {
  const screen = new Screen(terminal);
  const gaps: string[] = [];
  return {
    draw: () => screen.draw([...tableOf(list.read()), '', ...remarksOn(list), ...gaps]),
    gap: (gap) => {
      gaps.unshift(`${new Date().toISOString()} ${gapLine(gap)}`);
      gaps.length = Math.min(gaps.length, MAX_GAPS_ON_SCREEN);
    },
  };
}

/** What makes the table say less than it could. */
function remarksOn({ directory: { isJudging, ignored } }: InstanceList): readonly string[] {
  const reasons = Object.entries(ignored).filter(([, count]) => count > 0);
  const counts = reasons.map(([reason, count]) => `${count} ${reason}`).join(', ');
  return [
    ...(isJudging ? [] : ['not connected: states are those of before']),
    ...(reasons.length === 0 ? [] : [`messages that were ignored: ${counts}`]),
  ];
}
