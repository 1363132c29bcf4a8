/** The rows of most cases. The second raw one shows the noise of the run. */
export function entriesOf(...contenders) {
  return ['raw', ...contenders].flatMap((contender) =>
    contender === 'raw'
      ? [
          { name: 'raw', contender: 'raw' },
          { name: 'raw again', contender: 'raw' },
        ]
      : [{ name: contender, contender }],
  );
}
