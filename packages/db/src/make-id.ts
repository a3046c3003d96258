/** Crockford's alphabet in lower case: ids become Kubernetes names, and no two letters look alike. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 15 bytes are 120 bits and fill 24 letters exactly. */
const ID_BYTES = 15;

export type IdPrefix = 'ftjob' | 'file' | 'ftevent' | 'ftckpt' | 'proj' | 'key';

/** `<prefix>-<24 letters>` from 120 random bits. */
export function makeId(prefix: IdPrefix, randomBytes: (size: number) => Uint8Array): string {
  return `${prefix}-${base32(randomBytes(ID_BYTES))}`;
}

/** Five bits a letter, most significant first; a rest of fewer than five bits is padded with zeros. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(buffer >>> (bits - 5)) & 31];
    buffer &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(buffer << (5 - bits)) & 31];
}
