/** So many channels, and a target for each. */
export function manyChannels(count) {
  const channels = Array.from(
    { length: count },
    (_, index) => `orders:${String(index).padStart(4, '0')}:created`,
  );
  return { channels, targets: channels.map((name) => ({ name, isPattern: false })) };
}

/** Rows of one contender for each of the sizes; they are compared with the other contenders of their size. */
export function entriesBySize(sizes, contenders, settingsOf) {
  return sizes.flatMap((size) => {
    const named = (contender) => `${contender} ${size.toLocaleString('en-US')}`;
    return contenders.map((contender) => ({
      name: named(contender),
      contender,
      rivals: { raw: named('raw'), nest: named('nest'), 'node-redis': named('node-redis') },
      ...settingsOf(size),
    }));
  });
}
