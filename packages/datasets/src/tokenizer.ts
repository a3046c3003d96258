import { ModelError } from '@capstan/core';
import {
  Tokenizer as HuggingFaceTokenizer,
  type Normalizer,
  PrecompiledNormalizer,
  SequenceNormalizer,
  Unigram,
} from '@huggingface/tokenizers';
import { createCharsmap } from './charsmap.ts';
import { createUnigram } from './unigram.ts';

export interface Tokenizer {
  /** The ids of a text, special tokens as the model's own template adds them (T5: `</s>` at the end). */
  encode(text: string): Int32Array;
  /** The ids of a text alone, without the template. */
  encodeBare(text: string): Int32Array;
  /** The text of ids; ids outside the vocabulary are left out, special tokens too unless `skipSpecial` is false. */
  decode(ids: Iterable<number>, options?: { skipSpecial?: boolean }): string;
  isSpecial(id: number): boolean;
  /** One more than the highest id. */
  vocabSize: number;
  eosId: number;
  padId: number;
}

/** Reads a Hugging Face `tokenizer.json`; a file that is not one throws a ModelError. */
export function loadTokenizer(tokenizerJson: Uint8Array): Tokenizer {
  const library = openLibrary(tokenizerJson);
  const specialIds = new Set<number>();
  for (const [id, token] of library.get_added_tokens_decoder()) if (token.special) specialIds.add(id);
  return {
    encode: createEncoder(library),
    encodeBare: (text) => Int32Array.from(library.encode(text, { add_special_tokens: false }).ids),
    decode: (ids, { skipSpecial = true } = {}) => {
      const known = [...ids].filter((id) => library.id_to_token(id) !== undefined && !(skipSpecial && specialIds.has(id)));
      return known.length === 0 ? '' : library.decode(known, { clean_up_tokenization_spaces: false });
    },
    isSpecial: (id) => specialIds.has(id),
    vocabSize: [...library.get_vocab().values()].reduce((highest, id) => Math.max(highest, id), -1) + 1,
    eosId: findEosId(library),
    padId: library.token_to_id('<pad>') ?? library.token_to_id('[PAD]') ?? 0,
  };
}

/**
 * The library's pipeline without its per-character search for added tokens, where the text holds none: three times as fast.
 * Any other text, and any tokenizer whose added tokens are looked for after normalisation, takes the library's own way.
 */
function createEncoder(library: HuggingFaceTokenizer): (text: string) => Int32Array {
  const added = [...library.get_added_tokens_decoder().values()];
  const { normalizer, pre_tokenizer: preTokenizer, model } = library;
  const usual = (text: string): Int32Array => Int32Array.from(library.encode(text).ids);
  if (!(model instanceof Unigram) || model.unk_token_id === undefined || added.some((token) => token.normalized)) return usual;
  const unknownId = model.unk_token_id;
  const holdsAdded = new RegExp(added.map(({ content }) => content.replace(/[^\w]/g, '\\$&')).join('|') || '(?!)');
  const { before, after } = findTemplate(library);
  return (text) => {
    if (holdsAdded.test(text)) return usual(text);
    const normalized = normalizer === null ? text : normalizer.normalize(text);
    if (normalized === '') return Int32Array.from([...before, ...after]);
    const pieces = model._call(preTokenizer === null ? [normalized] : preTokenizer.pre_tokenize(normalized, { section_index: 0 }));
    const ids = new Int32Array(before.length + pieces.length + after.length);
    ids.set(before);
    for (let i = 0; i < pieces.length; i++) ids[before.length + i] = model.tokens_to_ids.get(pieces[i] as string) ?? unknownId;
    ids.set(after, before.length + pieces.length);
    return ids;
  };
}

/** The special ids that the post-processor puts around a text. */
function findTemplate(library: HuggingFaceTokenizer): { before: number[]; after: number[] } {
  const bare = library.encode('a', { add_special_tokens: false }).ids;
  const full = library.encode('a').ids;
  const start = full.findIndex((_, i) => bare.every((id, j) => full[i + j] === id));
  return { before: full.slice(0, start), after: full.slice(start + bare.length) };
}

function openLibrary(tokenizerJson: Uint8Array): HuggingFaceTokenizer {
  try {
    const library = new HuggingFaceTokenizer(JSON.parse(new TextDecoder().decode(tokenizerJson)), {});
    useExactCharsmaps(library.normalizer);
    useFastUnigram(library);
    return library;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`tokenizer.json cannot be read: ${detail}`, { cause });
  }
}

/** The library approximates a precompiled charsmap by NFKC, which differs for some combining marks and joiners. */
function useExactCharsmaps(normalizer: Normalizer | null): void {
  if (normalizer instanceof SequenceNormalizer) normalizer.normalizers.forEach(useExactCharsmaps);
  if (normalizer instanceof PrecompiledNormalizer && typeof normalizer.charsmap === 'string') {
    normalizer.normalize = createCharsmap(normalizer.charsmap);
  }
}

/** The library's lattice gives the same pieces at a fifth of the speed, and takes quadratic time on runs of unknown characters. */
function useFastUnigram({ model }: HuggingFaceTokenizer): void {
  if (!(model instanceof Unigram)) return;
  const { vocab, unk_id: unknownId } = model.config as unknown as { vocab: [string, number][]; unk_id: number };
  model._call = createUnigram({ vocab, unknownId });
}

/** What ends a text in the vocabularies of today's models; other names are in config.json, which wins where it says. */
const ENDS = ['</s>', '<|endoftext|>', '<|end_of_text|>', '<|im_end|>', '<|eot_id|>'];

function findEosId(library: HuggingFaceTokenizer): number {
  const named = ENDS.map((token) => library.token_to_id(token)).find((id) => id !== undefined);
  const eosId = named ?? library.encode('').ids.at(-1);
  if (eosId === undefined) throw new ModelError('tokenizer.json has no end-of-sequence token (</s>).');
  return eosId;
}
