import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One user of docs/security.md. */
export interface AclUser {
  readonly name: string;
  readonly password: string;
  /** All but the password and `on`. Those of a selector keep its parentheses: `(&orders:*`, `+publish)`. */
  readonly rules: readonly string[];
}

/** Where a user is tested: on one server, on a Cluster (`cluster-…`), or as a sample app (`…-app`). */
export type AclPlace = 'server' | 'cluster' | 'apps';

/** The users of docs/security.md by the word behind `acl` in their code block: a test of them is a test of the document. */
export function aclUsers(place: AclPlace): ReadonlyMap<string, AclUser> {
  const document = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');
  const blocks = document.matchAll(/^```acl (\S+)\nuser (\S+) on >(\S+) (.+)\n```$/gm);
  const users = [...blocks].map(([, role, name, password, rules]): [string, AclUser] => [
    String(role),
    { name: String(name), password: String(password), rules: String(rules).split(' ') },
  ]);
  return new Map(users.filter(([role]) => placeOf(role) === place));
}

/** What a user gets, as opposed to what it does not start with. */
export function grantsOf({ rules }: AclUser): string[] {
  return rules.map(bare).filter((rule) => /^[+&~%]/.test(rule));
}

/** All rules but this one. A selector stays one. */
export function rulesWithout({ rules }: AclUser, taken: string): string[] {
  return rules
    .map((rule) => (bare(rule) === taken ? rule.replace(taken, '') : rule))
    .filter((rule) => rule !== '');
}

/** Without the parentheses of a selector. */
function bare(rule: string): string {
  return rule.replaceAll(/[()]/g, '');
}

function placeOf(role: string): AclPlace {
  if (role.startsWith('cluster-')) return 'cluster';
  return role.endsWith('-app') ? 'apps' : 'server';
}
