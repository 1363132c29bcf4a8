import type { ServerAddress } from '../server.address.js';
import type { RawClient } from './server.questions.js';
import { ServerQuestions } from './server.questions.js';

/** All masters and replicas, by the addresses that they announce. */
export async function nodesOf(client: RawClient, timeoutMs: number): Promise<readonly ServerAddress[]> {
  const answer = await new ServerQuestions(client, timeoutMs).ask('CLUSTER', 'SLOTS');
  const ranges: unknown[] = 'reply' in answer && Array.isArray(answer.reply) ? answer.reply : [];
  const nodes = new Map<string, ServerAddress>();
  for (const range of ranges) {
    for (const node of Array.isArray(range) ? range.slice(2) : []) {
      const [host, port] = node as [unknown, unknown];
      if (typeof host !== 'string' || host === '' || typeof port !== 'number') continue;
      nodes.set(`${host}:${port}`, { host, port });
    }
  }
  return [...nodes.values()];
}
