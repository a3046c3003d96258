import type { Tokenizer } from './tokenizer.ts';

export interface TokenStream {
  /** Takes the next id; returns the text that is certain now, perhaps none. */
  push(id: number): string;
  /** The text still held back, at the end of a generation. */
  flush(): string;
}

/** What a decoder puts in place of bytes that do not form a character yet. */
const INCOMPLETE = '\ufffd';

/**
 * Decodes ids one at a time so that the deltas joined equal the decoding of all ids at once: no character is split, no leading
 * space lost. A window of the last certain tokens gives each new token its context, so the cost per token is constant.
 */
export function createTokenStream(tokenizer: Tokenizer): TokenStream {
  let context: number[] = [];
  let pending: number[] = [];
  const advance = (certain: (text: string) => boolean): string => {
    const before = tokenizer.decode(context);
    const after = tokenizer.decode([...context, ...pending]);
    if (after.length <= before.length || !certain(after)) return '';
    context = pending;
    pending = [];
    return after.slice(before.length);
  };
  return {
    push(id) {
      if (tokenizer.isSpecial(id)) return '';
      pending.push(id);
      return advance((text) => !text.endsWith(INCOMPLETE));
    },
    flush: () => advance(() => true),
  };
}
