/**
 * - `ok`: as it should be.
 * - `finding`: something to do, which `advice` says.
 * - `note`: worth knowing, and maybe as it should be.
 * - `unknown`: the user may not ask, or it cannot be asked without doing it.
 */
export type FindingState = 'ok' | 'finding' | 'note' | 'unknown';

/** What one check found. */
export interface Finding {
  /** Its subject, in a word: `version`, `publisher`. */
  readonly check: string;
  readonly state: FindingState;
  readonly text: string;
  /** What to do, with each finding. */
  readonly advice?: string | undefined;
}

/** The same of several nodes. */
export interface NodeFinding extends Finding {
  readonly nodes: readonly string[];
}

export function ok(check: string, text: string): Finding {
  return { check, state: 'ok', text };
}

export function note(check: string, text: string): Finding {
  return { check, state: 'note', text };
}

export function unknown(check: string, text: string, advice?: string): Finding {
  return { check, state: 'unknown', text, advice };
}

export function problem(check: string, text: string, advice: string): Finding {
  return { check, state: 'finding', text, advice };
}

/** Findings in the order in which they came, what several nodes share once. */
export class Findings {
  private readonly byText = new Map<string, NodeFinding>();

  get all(): readonly NodeFinding[] {
    return [...this.byText.values()];
  }

  /** @param node `host:port`. Absent if it is about all */
  add(findings: readonly Finding[], node?: string): void {
    for (const finding of findings) {
      const key = JSON.stringify([finding.check, finding.state, finding.text]);
      const nodes = this.byText.get(key)?.nodes ?? [];
      this.byText.set(key, { ...finding, nodes: node === undefined ? nodes : [...nodes, node] });
    }
  }
}
