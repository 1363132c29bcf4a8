/**
 * Answers the calls of the process that started this one, until that ends or says SIGTERM.
 *
 * @param {Record<string, (args: any) => unknown>} commands
 */
export function serve(commands) {
  const answer = async ({ id, command, args }) => {
    try {
      const result = await commands[command](args);
      if (id !== undefined) process.send({ id, result });
    } catch (error) {
      process.send({ id, error: error.stack });
    }
  };
  process.on('message', (message) => void answer(message));
  process.on('disconnect', () => process.exit());
  process.on('SIGTERM', () => process.exit());
}

/** Tells the process that started this one something that it has not asked for. */
export function report(event, data) {
  process.send({ event, data });
}
