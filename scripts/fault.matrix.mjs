import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} FaultRecord what one contender made of one row, see test/faults/support/matrix.record.ts
 * @property {string} row
 * @property {string} fault
 * @property {string} promise
 * @property {5 | 6} ioredis
 * @property {string} contender
 * @property {'promise' | 'control'} role
 * @property {boolean} holds
 * @property {string} figure
 * @property {number} escapes
 */

const NEST = "Nest's Transport.REDIS";
const BOTH = [6, 5];

/** The rows that have to be there, with the versions of ioredis that they run on. */
const REQUIRED = new Map([
  ...['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F9'].map((row) => [row, BOTH]),
  ['F10', [6]],
  ['F11', BOTH],
  ['F12', [6]],
  ['F13', [6]],
  ['F14', [6]],
  ['F15', BOTH],
  ['F16', [6]],
  ['F17', [6]],
  ['F40', [6]],
  ...['F18', 'F19', 'F20', 'F33'].map((row) => [row, BOTH]),
  ...['F21', 'F22', 'F23', 'F24', 'F25', 'F26', 'F27', 'F28', 'F29'].map((row) => [row, [6]]),
  ['F31', [6]],
  ['F32', [6]],
  ['F34', [6]],
  ['F39', [6]],
  ['F35', BOTH],
  ['F36', BOTH],
  ['F37', BOTH],
  ['F38', BOTH],
]);
/** Where Nest's own transport stands beside the bus. */
const WITH_NEST = ['F1', 'F2', 'F10', 'F19', 'F20', 'F21'];

/** The results of a run: promises with what the bus and the others made of them. */
export class FaultMatrix {
  /** @param {readonly FaultRecord[]} records */
  constructor(records) {
    this.records = records;
  }

  /** @param {string} directory what FAULTS_OUT was in the run */
  static read(directory) {
    const lines = readdirSync(directory)
      .filter((file) => file.endsWith('.jsonl'))
      .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n'))
      .filter(Boolean);
    // A test that ran again counts with its last result.
    const latest = new Map();
    for (const record of lines.map((line) => JSON.parse(line))) {
      const { row, fault, promise, ioredis, role, contender } = record;
      latest.set(JSON.stringify([row, fault, promise, ioredis, role, contender]), record);
    }
    return new FaultMatrix([...latest.values()].toSorted(byRow));
  }

  /** What is missing or broken, one sentence each. Empty when every promise holds and every control bites. */
  get problems() {
    const missing = [...REQUIRED].flatMap(([row, versions]) =>
      versions.flatMap((ioredis) => this.missingIn(row, ioredis)),
    );
    const broken = this.records.filter(({ role, holds }) => (role === 'promise') !== holds);
    return [
      ...missing,
      ...broken.map(
        ({ row, ioredis, contender, holds, figure }) =>
          `${row} on ioredis ${ioredis}: ${contender} ${holds ? 'keeps the promise, so that the row proves nothing' : 'breaks the promise'} (${figure}).`,
      ),
    ];
  }

  get totals() {
    const [promises, controls] = ['promise', 'control'].map((role) =>
      this.records.filter((record) => record.role === role),
    );
    const kept = promises.filter(({ holds }) => holds).length;
    const bitten = controls.filter(({ holds }) => !holds).length;
    const escapes = promises.reduce((sum, record) => sum + record.escapes, 0);
    return [
      `${kept} of ${promises.length} promises hold`,
      `${bitten} of ${controls.length} controls bite`,
      `${escapes} unhandled rejections and uncaught exceptions in the bus`,
    ].join(', ');
  }

  /** For a terminal: a line per result, aligned below its promise. */
  toText() {
    const columns = ['ioredis', 'contender', 'holds'].map((column) =>
      Math.max(...this.records.map((record) => cellOf(record, column).length)),
    );
    return this.promises()
      .flatMap(({ row, fault, promise, results }) => [
        `${row.padEnd(4)} ${fault}`,
        `     => ${promise}`,
        ...results.map((record) => {
          const cells = ['ioredis', 'contender', 'holds'].map((column, index) =>
            cellOf(record, column).padEnd(columns[index]),
          );
          return `     ${cells.join('  ')}  ${figureOf(record)}`;
        }),
        '',
      ])
      .join('\n');
  }

  /** For docs: a row per promise. */
  toMarkdown() {
    const rows = this.promises().map(({ row, fault, promise, results }) => {
      const own = results.filter(({ role }) => role === 'promise');
      const others = results.filter(({ role }) => role === 'control');
      const holds = own.every((record) => record.holds) ? 'yes' : '**no**';
      return [row, fault, promise, holds, figuresOf(own), namedFiguresOf(others)];
    });
    const head = ['', 'fault', 'promise', 'holds', 'the bus', 'others, same test'];
    return [head, head.map(() => '---'), ...rows]
      .map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`)
      .join('\n');
  }

  missingIn(row, ioredis) {
    const records = this.records.filter((record) => record.row === row && record.ioredis === ioredis);
    const place = `${row} on ioredis ${ioredis}`;
    if (records.length === 0) return [`${place} was not run.`];
    const controls = records.filter(({ role }) => role === 'control');
    return [
      ...(records.length > controls.length ? [] : [`${place} has no result of the bus.`]),
      ...(controls.length > 0 ? [] : [`${place} has no control.`]),
      ...(!WITH_NEST.includes(row) || controls.some(({ contender }) => contender === NEST)
        ? []
        : [`${place} was not run with ${NEST}.`]),
    ];
  }

  promises() {
    const groups = new Map();
    for (const record of this.records) {
      const { row, fault, promise } = record;
      const key = JSON.stringify([row, fault, promise]);
      if (!groups.has(key)) groups.set(key, { row, fault, promise, results: [] });
      groups.get(key).results.push(record);
    }
    return [...groups.values()];
  }
}

/** Rows as they are counted, the bus before the others, the newer ioredis first. */
function byRow(a, b) {
  return (
    Number(a.row.slice(1)) - Number(b.row.slice(1)) ||
    (a.role === b.role ? 0 : a.role === 'promise' ? -1 : 1) ||
    b.ioredis - a.ioredis
  );
}

function cellOf(record, column) {
  if (column === 'holds') return record.holds ? 'holds' : 'broken';
  return column === 'ioredis' ? `ioredis ${record.ioredis}` : record.contender;
}

function figureOf({ figure, escapes }) {
  return escapes === 0 ? figure : `${figure}; would have ended the process`;
}

/** One figure where the versions agree, else one for each. */
function figuresOf(records) {
  const figures = new Set(records.map(figureOf));
  if (figures.size === 1) return [...figures][0];
  return records.map((record) => `${figureOf(record)} (ioredis ${record.ioredis})`).join('<br>');
}

function namedFiguresOf(records) {
  const contenders = [...new Set(records.map(({ contender }) => contender))];
  return contenders
    .map((name) => `${name}: ${figuresOf(records.filter(({ contender }) => contender === name))}`)
    .join('<br>');
}

function escapeCell(text) {
  return text
    .replaceAll('|', String.raw`\|`)
    .replaceAll('*', String.raw`\*`)
    .replaceAll('__', String.raw`\_\_`);
}
