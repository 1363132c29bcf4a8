import { quote } from '../../errors.js';

/**
 * Which rule a user lacks, according to the server's NOPERM error.
 *
 * @param name the channel, glob or key of the command
 */
export function aclAdvice(refusal: string, name?: string): string {
  const command = /run the '([^' ]+)' command/.exec(refusal)?.[1];
  if (command !== undefined) return ruleToAdd(`+${command}`);
  if (name !== undefined && /\bchannels?\b/.test(refusal)) return ruleToAdd(`&${quote(name).slice(1, -1)}`);
  if (name !== undefined && /\bkeys?\b/.test(refusal)) return ruleToAdd(`a ~ that covers ${quote(name)}`);
  return 'Check the rules of the user in the Redis ACL';
}

function ruleToAdd(rule: string): string {
  return `Add ${rule} to the rules of the user in the Redis ACL`;
}
