/** So many channels of one contender, all of one length. */
export function channelNames(slot, count) {
  return Array.from(
    { length: count },
    (_, index) => `${slot}:orders:created:${String(index).padStart(4, '0')}`,
  );
}
