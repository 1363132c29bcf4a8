/** The number of slots to which a Cluster assigns its keys and shard channels. */
export const SLOT_COUNT = 16_384;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a key or a shard channel, as in CLUSTER KEYSLOT: CRC16 of its UTF-8 bytes, or only of its hash tag. */
export function keySlot(name: string): number {
  let crc = 0;
  for (const byte of Buffer.from(hashed(name))) {
    crc = ((crc << 8) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] as number)) & 0xffff;
  }
  return crc % SLOT_COUNT;
}

/** A name in this slot with this prefix. */
export function nameInSlot(slot: number, beginning: string): string {
  let tag = 0;
  while (keySlot(String(tag)) !== slot) tag += 1;
  return `${beginning}{${tag}}`;
}

/** The text between the first `{` and the next `}` if it is not empty; otherwise the whole name. */
function hashed(name: string): string {
  const start = name.indexOf('{');
  const end = start === -1 ? -1 : name.indexOf('}', start + 1);
  return end > start + 1 ? name.slice(start + 1, end) : name;
}
