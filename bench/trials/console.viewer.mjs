/**
 * Reads the frames of a console, as its page does.
 *
 * @param {string} url of its frames
 * @param {readonly string[]} services
 * @returns {{ found: Promise<void>, leave: () => void }} `found` resolves when all the services have been in a frame
 */
export function viewConsole(url, services) {
  const leaving = new AbortController();
  const missing = new Set(services);
  const found = new Promise((resolve, reject) => {
    const read = async () => {
      const { status, body } = await fetch(url, { signal: leaving.signal });
      if (status !== 200) throw new Error(`The console answers ${status}.`);
      for await (const text of body.pipeThrough(new TextDecoderStream())) {
        for (const name of missing) if (text.includes(`"${name}"`)) missing.delete(name);
        if (missing.size === 0) resolve();
      }
      throw new Error('The console has ended its frames.');
    };
    read().catch(reject);
  });
  return { found, leave: () => leaving.abort() };
}
