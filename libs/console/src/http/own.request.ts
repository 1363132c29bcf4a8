import type { ConsoleRequest } from './console.answers.js';

/**
 * Whether a form was sent by the page of the console: other sites can neither send the header nor this content type without
 * asking first, and browsers say where a request comes from.
 */
export function isOwnRequest({ headers }: ConsoleRequest): boolean {
  const site = headers['sec-fetch-site'];
  return (
    headers['x-event-bus-console'] === '1' &&
    /^application\/json\b/i.test(String(headers['content-type'])) &&
    (site === undefined || site === 'same-origin')
  );
}
