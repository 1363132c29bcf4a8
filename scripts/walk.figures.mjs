/** A page that names more files than these does not say where to look. */
const MAX_DOCUMENTED_FILES = 12;

/**
 * What a reader of the code goes through who follows one event.
 *
 * @param {readonly string[]} steps the file of each step, in the order of time
 * @returns {{ files: string[], moves: number, movesBack: number }} `files` in the order in which they are entered first;
 * `moves` from one file to another; `movesBack` those of them that lead into a file that was entered before
 */
export function walkFigures(steps) {
  const files = new Set(steps.slice(0, 1));
  let [moves, movesBack] = [0, 0];
  for (const [index, file] of steps.entries()) {
    if (index === 0 || file === steps[index - 1]) continue;
    moves += 1;
    if (files.has(file)) movesBack += 1;
    files.add(file);
  }
  return { files: [...files], moves, movesBack };
}

/**
 * The files of the numbered steps in "The walk of one event", the first one of each step.
 *
 * @param {string} page docs/architecture.md
 * @returns {string[]}
 */
export function documentedFiles(page) {
  const [, section = ''] = page.split(/^## The walk of one event\n/m);
  return [...section.split(/^## /m)[0].matchAll(/^\d+\. [^`]*`([^`]+\.ts)`/gm)].map(([, file]) => file);
}

/**
 * Where the page and the walk disagree. Each documented file has to be entered, after the one that the page names before it.
 *
 * @param {readonly string[]} documented
 * @param {readonly string[]} steps
 * @returns {string[]}
 */
export function walkProblems(documented, steps) {
  const problems = [];
  if (documented.length === 0) problems.push('docs/architecture.md has no steps in "The walk of one event".');
  if (documented.length > MAX_DOCUMENTED_FILES) {
    problems.push(
      `docs/architecture.md names ${documented.length} files in the walk of one event; the limit is ${MAX_DOCUMENTED_FILES}.`,
    );
  }
  let position = 0;
  for (const [index, file] of documented.entries()) {
    const next = steps.indexOf(file, position);
    if (next >= 0) position = next;
    else if (steps.includes(file)) {
      problems.push(`docs/architecture.md: ${file} is not entered after ${documented[index - 1]}.`);
    } else problems.push(`docs/architecture.md: no step of the walk happens in ${file}.`);
  }
  return problems;
}
