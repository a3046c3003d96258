/**
 * SentencePiece's precompiled normalisation: a Darts double-array trie from UTF-8 byte strings to replacements. Grapheme by
 * grapheme, as Hugging Face's tokenizers applies it, quirk included: the first (shortest) match replaces the whole grapheme.
 */
const MAX_GRAPHEME_BYTES = 6;
/** Chains of non-ASCII with the ASCII characters beside and between them: a combining mark belongs to the letter before it. */
const NEAR_NON_ASCII = /[\x20-\x7e]?[^\x20-\x7e]+(?:[\x20-\x7e][^\x20-\x7e]+)*[\x20-\x7e]?/g;

/** `charsmap` is the base64 text of `precompiled_charsmap`: trie size, trie, replacements that end with a zero byte. */
export function createCharsmap(charsmap: string): (text: string) => string {
  const transform = createTransform(Buffer.from(charsmap, 'base64'));
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
  const normalizeGraphemes = (text: string): string => {
    let result = '';
    for (const { segment } of segmenter.segment(text)) result += normalizeGrapheme(segment, transform);
    return result;
  };
  if (!keepsAscii(transform)) return normalizeGraphemes;
  return (text) => text.replace(NEAR_NON_ASCII, normalizeGraphemes);
}

type Transform = (text: string) => string | undefined;

function normalizeGrapheme(grapheme: string, transform: Transform): string {
  const whole = Buffer.byteLength(grapheme) < MAX_GRAPHEME_BYTES ? transform(grapheme) : undefined;
  if (whole !== undefined) return whole;
  let result = '';
  for (const character of grapheme) result += transform(character) ?? character;
  return result;
}

function keepsAscii(transform: Transform): boolean {
  return Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).every((character) => {
    const mapped = transform(character);
    return mapped === undefined || mapped === character;
  });
}

function createTransform(bytes: Buffer): Transform {
  const trieBytes = bytes.readUInt32LE(0);
  const units = Uint32Array.from({ length: trieBytes >> 2 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const replacements = bytes.subarray(4 + trieBytes);
  return (text) => {
    const start = shortestMatch(units, Buffer.from(text));
    return start === undefined ? undefined : replacements.toString('utf8', start, replacements.indexOf(0, start));
  };
}

/** Where the replacement of the shortest prefix in the trie starts. The bit layout of a unit is Darts-clone's. */
function shortestMatch(units: Uint32Array, key: Uint8Array): number | undefined {
  let position = unitOffset(units[0] ?? 0);
  for (const byte of key) {
    position ^= byte;
    const unit = units[position] ?? 0;
    if (byte === 0 || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
    position ^= unitOffset(unit);
    if (((unit >>> 8) & 1) === 1) return (units[position] ?? 0) & 0x7fffffff;
  }
  return undefined;
}

function unitOffset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
