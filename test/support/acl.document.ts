import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One user of docs/security.md. */
export interface AclUser {
  readonly name: string;
  readonly password: string;
  /** All but the password and `on`. */
  readonly rules: readonly string[];
}

/** The users of docs/security.md by the word behind `acl` in their code block: a test of them is a test of the document. */
export function aclUsers(): ReadonlyMap<string, AclUser> {
  const document = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');
  const blocks = document.matchAll(/^```acl (\S+)\nuser (\S+) on >(\S+) (.+)\n```$/gm);
  return new Map(
    [...blocks].map(([, role, name, password, rules]) => [
      String(role),
      { name: String(name), password: String(password), rules: String(rules).split(' ') },
    ]),
  );
}
