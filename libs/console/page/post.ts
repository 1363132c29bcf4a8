import { pathOf } from './stream.js';

export interface Answer {
  readonly isOk: boolean;
  readonly text: string;
}

/** Sends a form. The console refuses requests without this header, which other sites cannot send. */
export async function post(path: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(pathOf(path), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-event-bus-console': '1' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json().catch(() => ({}))) as { message?: unknown };
    const text = typeof answer.message === 'string' ? answer.message : `The answer was ${response.status}.`;
    return { isOk: response.ok, text };
  } catch {
    return { isOk: false, text: 'The console does not answer.' };
  }
}
