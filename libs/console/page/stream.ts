import type { ConsoleFrame, ConsoleWelcome } from '../src/frame.js';
import { connection, show, welcome } from './model.js';

/** The browser reconnects by itself, unless the answer is an error: then we try. */
const RETRY_AFTER_MS = 3_000;

/** Relative to this script, so that it works under every prefix and version of the application. */
export function pathOf(name: string): string {
  return new URL(name, import.meta.url).href;
}

/** Shows the frames of the console for as long as the page is open. */
export function followConsole(): void {
  const source = new EventSource(pathOf('events'));
  source.addEventListener('open', () => (connection.value = 'open'));
  source.addEventListener('welcome', ({ data }) => (welcome.value = JSON.parse(data) as ConsoleWelcome));
  source.addEventListener('frame', ({ data }) => show(JSON.parse(data) as ConsoleFrame));
  source.addEventListener('error', () => {
    connection.value = 'lost';
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(followConsole, RETRY_AFTER_MS);
  });
}
